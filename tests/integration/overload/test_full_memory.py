"""A gateway in a container whose memory fills up: images are refused first, then all but probes, and it recovers.

Takes a control group of its own, so root on a system that lets it make one; skipped elsewhere.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import io
import os
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from PIL import Image

from antiphon.testing.fault_engine import FaultEngine
from antiphon.testing.gateway_process import CALM, GatewayProcess
from antiphon.testing.plan import Habits
from antiphon.testing.raw_client import RawResponse

from .lab import report

GROUPS = Path("/sys/fs/cgroup/memory")  # version 1; version 2 has all controllers in one place
LIMIT_BYTES = 640 << 20
WITHIN_S = 20.0
KEY = "sk-memory-97516c354b68848cdbd8f54a226a0a55b21ed1"
SETTINGS = f"""{CALM}
[[keys]]
name = "user"
key = "{KEY}"
[[upstreams]]
url = "{{url}}"
kind = "vllm"
models = [{{{{ name = "m", upstream_name = "fault-model", modalities = ["text", "image"] }}}}]
"""
# Holds as many bytes as the last line that it read says, and says so when it does.
HOARDER = """
import sys
for line in sys.stdin:
    held = b""
    held = b"x" * int(line)
    print(len(held), flush=True)
"""


class Group:
    """A control group with a bound."""

    def __init__(self) -> None:
        self._folder = (GROUPS if GROUPS.is_dir() else GROUPS.parent) / f"antiphon-test-{os.getpid()}"
        self._first = GROUPS.is_dir()

    def make(self) -> None:
        """Set it up; OSError where that is not allowed."""
        self._folder.mkdir()
        bound = "memory.limit_in_bytes" if self._first else "memory.max"
        (self._folder / bound).write_text(str(LIMIT_BYTES), encoding="ascii")

    def remove(self) -> None:
        """Undo that; all its processes have ended."""
        self._folder.rmdir()

    @property
    def used_bytes(self) -> int:
        """What its processes have that cannot be taken back."""
        rows = dict(row.split(" ", 1) for row in (self._folder / "memory.stat").read_text("ascii").splitlines())
        return sum(int(rows[name]) for name in (("total_rss",) if self._first else ("anon", "shmem")))

    @contextlib.contextmanager
    def inside(self) -> Iterator[None]:
        """What is started within is in the group."""
        prefix = ":memory:" if self._first else "0::"
        rows = Path("/proc/self/cgroup").read_text("ascii").splitlines()
        path = next(row.partition(prefix)[2] for row in rows if prefix in row)
        home = self._folder.parent / path.lstrip("/") / "cgroup.procs"
        (self._folder / "cgroup.procs").write_text(str(os.getpid()), encoding="ascii")
        try:
            yield
        finally:
            home.write_text(str(os.getpid()), encoding="ascii")


@pytest.fixture
def group() -> Iterator[Group]:
    """A group of this test."""
    made = Group()
    try:
        made.make()
    except OSError as error:
        pytest.skip(f"takes a control group of its own: {error}")
    yield made
    made.remove()


@contextlib.asynccontextmanager
async def hoarder(group: Group) -> AsyncIterator[asyncio.subprocess.Process]:
    """A process of the group that holds memory."""
    with group.inside():
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", HOARDER), stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
        )
    try:
        yield process
    finally:
        process.kill()
        await process.wait()


async def hold(process: asyncio.subprocess.Process, size: int) -> None:
    """Have it hold so many bytes."""
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(f"{size}\n".encode())
    assert int(await process.stdout.readline()) == size


def picture() -> str:
    """A small image as a data URL."""
    octets = io.BytesIO()
    Image.new("RGB", (8, 8)).save(octets, "PNG")
    return "data:image/png;base64," + base64.b64encode(octets.getvalue()).decode()


async def ask(gateway: GatewayProcess, *, image: bool) -> RawResponse:
    """A request with an image or without."""
    shown = [{"type": "image_url", "image_url": {"url": picture()}}] if image else []
    content = [{"type": "text", "text": "What is this?"}, *shown]
    body = {"model": "m", "messages": [{"role": "user", "content": content}], "max_tokens": 4}
    return await gateway.ask("/v1/chat/completions", body, key=KEY)


async def until(gateway: GatewayProcess, *, ready: bool) -> None:
    """Return once the gateway refuses something, or nothing."""
    async with asyncio.timeout(WITHIN_S):
        while ((await gateway.ask("/readyz")).status == 200) != ready:
            pass


async def statuses(gateway: GatewayProcess) -> list[int]:
    """Of a text, an image, the models and a probe."""
    answers = [await ask(gateway, image=False), await ask(gateway, image=True)]
    answers += [await gateway.ask("/v1/models", key=KEY), await gateway.ask("/livez")]
    assert all("retry-after" in answer.headers for answer in answers if answer.status == 503)
    return [answer.status for answer in answers]


@pytest.mark.slow
async def test_a_memory_that_fills_up(tmp_path: Path, group: Group) -> None:
    """Each bound by itself, and back: nobody has to start anything anew."""
    async with contextlib.AsyncExitStack() as stack:
        engine = await stack.enter_async_context(FaultEngine(Habits()))
        gateway = GatewayProcess(SETTINGS.format(url=engine.url), tmp_path)
        with group.inside():
            await gateway.start()
        stack.push_async_callback(gateway.stop)
        hoard = await stack.enter_async_context(hoarder(group))
        found = {"before": await statuses(gateway)}
        free = LIMIT_BYTES - group.used_bytes
        for name, part in (("nearly full", 0.1), ("full", 0.03)):
            await hold(hoard, free - int(part * LIMIT_BYTES))
            await until(gateway, ready=False)
            async with asyncio.timeout(WITHIN_S):
                while name == "full" and (await ask(gateway, image=False)).status == 200:
                    pass
            found[name] = await statuses(gateway)
        await hold(hoard, 1)
        await until(gateway, ready=True)
        found["after"] = await statuses(gateway)
        log = gateway.log
    report("full memory", {**found}, {"shares": [0.85, 0.95]}, {"filled": 2})
    assert found == {
        "before": [200, 200, 200, 200],
        "nearly full": [200, 503, 200, 200],
        "full": [503, 503, 503, 200],
        "after": [200, 200, 200, 200],
    }
    assert "requests are shed" in log
    assert "requests are taken on again" in log
