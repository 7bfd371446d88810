"""The real engine in its real child process: it answers, comes back when killed, ends with us, gives up bad files."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import select
import signal
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from random import Random
from typing import Any

import msgspec
import pytest

from antiphon.clock import SystemClock
from antiphon.engines.embedded.backoff import BackoffLimits
from antiphon.engines.embedded.health import healthy
from antiphon.engines.embedded.options import ChildDocument, EngineOptions
from antiphon.engines.embedded.process import MODULE, clean_environment
from antiphon.engines.embedded.sockets import fresh_socket, socket_folder
from antiphon.engines.embedded.supervisor import State, Supervisor, SupervisorLimits
from antiphon.modelfiles import resolve

READY_S = 60.0
SOON_S = 10.0
QUICK = SupervisorLimits(backoff=BackoffLimits(first_s=0.02, cap_s=0.1))
Make = Callable[..., "Watched"]


class Watched:
    """A supervisor whose changes of state can be waited for."""

    def __init__(self, options: EngineOptions, folder: Path, limits: SupervisorLimits) -> None:
        self.states: list[State] = []
        self.errors: list[str | None] = []
        self.log_path = folder / "logs" / "engine.log"
        self._changed = asyncio.Condition()
        self._tasks: set[asyncio.Task[None]] = set()
        self.supervisor = Supervisor(
            options,
            run_dir=socket_folder(folder),
            log_path=self.log_path,
            clock=SystemClock(),
            random=Random(1),
            environ={**os.environ, "HF_TOKEN": "hf_secret"},
            on_change=self._note,
            limits=limits,
        )

    def _note(self) -> None:
        self.states.append(self.supervisor.state)
        self.errors.append(self.supervisor.last_error)
        task = asyncio.ensure_future(self._tell())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _tell(self) -> None:
        async with self._changed:
            self._changed.notify_all()

    async def until(self, state: State, within_s: float = READY_S) -> None:
        """Wait for the supervisor to be in that state."""
        async with asyncio.timeout(within_s), self._changed:
            await self._changed.wait_for(lambda: self.supervisor.state == state)

    async def post(self, path: str, body: dict[str, Any], *, key: str | None = None) -> bytes:  # Any: JSON
        """The whole answer to one request, head included."""
        reader, writer = await asyncio.open_unix_connection(self.supervisor.address.removeprefix("unix:"))
        data = json.dumps(body).encode()
        head = f"POST {path} HTTP/1.1\r\nHost: engine\r\nConnection: close\r\nContent-Length: {len(data)}\r\n"
        writer.write(f"{head}Authorization: Bearer {key or self.supervisor.api_key}\r\n\r\n".encode() + data)
        try:
            async with asyncio.timeout(READY_S):
                return await reader.read()
        finally:
            writer.close()
            await writer.wait_closed()

    async def ask(self, **fields: Any) -> bytes:  # Any: JSON
        """The answer to a short chat request."""
        messages = [{"role": "user", "content": "Say hello."}]
        return await self.post("/v1/chat/completions", {"messages": messages, "max_tokens": 8, **fields})

    def pid(self) -> int:
        """The running child's process id."""
        pid = self.supervisor.pid
        assert pid is not None
        return pid


@pytest.fixture(scope="module")
def model_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small model that the gateway serves by default."""
    return resolve("smollm2:135m", data_dir=tmp_path_factory.mktemp("data")).path


@pytest.fixture
async def make(tmp_path: Path, model_path: Path) -> AsyncIterator[Make]:
    """Make supervisors of the small model; they are stopped after the test."""
    made: list[Watched] = []

    def one(path: Path = model_path, limits: SupervisorLimits = QUICK) -> Watched:
        options = EngineOptions(model_name="small", model_path=str(path), context_length=512, parallel=2)
        made.append(Watched(options, tmp_path, limits))
        return made[-1]

    yield one
    for watched in made:
        await watched.supervisor.stop()


def ended(pid: int) -> Callable[[float], bool]:
    """A function that waits for a process, not a child of ours, to end; opened while it lives."""
    descriptor = os.pidfd_open(pid)

    def wait(within_s: float) -> bool:
        try:
            return bool(select.select([descriptor], [], [], within_s)[0])
        finally:
            os.close(descriptor)

    return wait


def environment_of(pid: int) -> bytes:
    """The environment that a process was started with."""
    return Path(f"/proc/{pid}/environ").read_bytes()


def files_in(folder: Path) -> list[Path]:
    """What lies in a folder."""
    return list(folder.iterdir())


def children() -> set[str]:
    """Process ids of our children."""
    return {pid for task in Path("/proc/self/task").iterdir() for pid in (task / "children").read_text().split()}


async def test_it_answers_over_a_private_socket(make: Make, tmp_path: Path) -> None:
    """Plain and streaming answers come over the unix socket; without the key, or a secret of ours, there is nothing."""
    watched = make()
    supervisor = watched.supervisor
    assert supervisor.retry_after_s >= 1
    await supervisor.start()
    assert await supervisor.wait_ready(READY_S)
    assert (supervisor.state, supervisor.retry_after_s, supervisor.restarts) == ("ready", 0, 0)
    plain = await watched.ask(seed=1)
    assert plain.startswith(b"HTTP/1.1 200")
    assert json.loads(plain.partition(b"\r\n\r\n")[2])["model"] == "small"
    stream = await watched.ask(stream=True, stream_options={"include_usage": True})
    assert stream.count(b"data: ") >= 4
    assert b"data: [DONE]" in stream
    assert (await watched.post("/v1/chat/completions", {}, key="wrong")).startswith(b"HTTP/1.1 401")
    assert [path.stat().st_mode & 0o077 for path in files_in(tmp_path / "run")] == [0]
    assert b"hf_secret" not in environment_of(watched.pid())
    assert watched.states == ["loading", "ready"]


async def test_requests_do_not_share_their_contexts(make: Make) -> None:
    """Each of the parallel requests has the whole context, and one that is too long is told so alone."""
    watched = make()
    await watched.supervisor.start()
    await watched.until("ready")
    long = {"messages": [{"role": "user", "content": "word " * 300}], "max_tokens": 5, "ignore_eos": True}
    both = await asyncio.gather(*(watched.post("/v1/chat/completions", {**long, "seed": n}) for n in range(2)))
    assert [answer[:12] for answer in both] == [b"HTTP/1.1 200"] * 2
    too_long = await watched.post("/v1/chat/completions", {"messages": [{"role": "user", "content": "word " * 600}]})
    assert too_long.startswith(b"HTTP/1.1 400")


async def test_a_killed_child_is_replaced(make: Make, tmp_path: Path) -> None:
    """SIGKILL is noticed at once; another child answers soon at another address, and the dead one's socket is gone."""
    watched = make()
    await watched.supervisor.start()
    await watched.until("ready")
    before, key = watched.supervisor.address, watched.supervisor.api_key
    os.kill(watched.pid(), signal.SIGKILL)
    await watched.until("restarting", within_s=2)
    assert (watched.errors[-1] or "").startswith("The engine was ended by SIGKILL.")
    assert 1 <= watched.supervisor.retry_after_s <= SOON_S
    await watched.until("ready")
    assert (await watched.ask()).startswith(b"HTTP/1.1 200")
    assert watched.supervisor.address != before
    assert watched.supervisor.api_key == key
    assert watched.supervisor.restarts == 1
    assert len(files_in(tmp_path / "run")) == 1
    assert watched.states == ["loading", "ready", "restarting", "ready"]


async def test_a_broken_model_file_is_given_up(make: Make, model_path: Path, tmp_path: Path) -> None:
    """After three starts that never became ready the model has failed; it is tried on, and comes back when mended."""
    broken = tmp_path / "broken.gguf"
    with model_path.open("rb") as whole:
        broken.write_bytes(whole.read(1_000_000))
    watched = make(broken)
    await watched.supervisor.start()
    await watched.until("failed")
    assert watched.supervisor.restarts >= 2
    assert "ended with status 1 before it was ready" in (watched.supervisor.last_error or "")
    assert str(broken) in (watched.supervisor.last_error or "")
    assert "failed to load model" in watched.log_path.read_text()
    assert not await watched.supervisor.wait_ready(0.01)
    broken.unlink()
    broken.symlink_to(model_path)
    await watched.until("ready")
    assert watched.supervisor.last_error is None


async def test_a_child_that_hangs_is_replaced(make: Make) -> None:
    """A stopped process answers nothing: after the limit it is ended by force and another one started."""
    limits = SupervisorLimits(
        probe_interval_s=0.05,
        probe_timeout_s=0.2,
        hang_limit_s=0.5,
        stop_grace_s=0.1,
        backoff=BackoffLimits(first_s=0.02),
    )
    watched = make(limits=limits)
    await watched.supervisor.start()
    await watched.until("ready")
    os.kill(watched.pid(), signal.SIGSTOP)
    await watched.until("restarting", within_s=SOON_S)
    await watched.until("ready")
    assert (await watched.ask()).startswith(b"HTTP/1.1 200")


async def test_a_busy_child_is_left_alone(make: Make) -> None:
    """While it reads a long prompt it still answers for its health, however impatient we are."""
    limits = SupervisorLimits(probe_interval_s=0.02, probe_timeout_s=2.0, hang_limit_s=2.0)  # nobody is more impatient
    watched = make(limits=limits)
    await watched.supervisor.start()
    await watched.until("ready")
    long = {"messages": [{"role": "user", "content": "word " * 200}], "max_tokens": 20, "ignore_eos": True}
    answers = await asyncio.gather(*(watched.post("/v1/chat/completions", long) for _ in range(4)))
    assert all(answer.startswith(b"HTTP/1.1 200") for answer in answers)
    assert watched.states == ["loading", "ready"]


@pytest.mark.parametrize("ready", [True, False])
async def test_stopping_ends_the_child(make: Make, tmp_path: Path, ready: bool) -> None:
    """After stop there is no child and no socket, whether it was ready or had hardly begun; twice is once."""
    before = children()
    watched = make()
    await watched.supervisor.start()
    if ready:
        await watched.until("ready")
        assert children() != before
    await watched.supervisor.stop()
    await watched.supervisor.stop()
    assert children() == before
    assert files_in(tmp_path / "run") == []
    assert watched.supervisor.state == "stopped"


PARENT = """
import asyncio, os, sys
from pathlib import Path
from random import Random
from antiphon.clock import SystemClock
from antiphon.engines.embedded.options import EngineOptions
from antiphon.engines.embedded.sockets import socket_folder
from antiphon.engines.embedded.supervisor import Supervisor

async def main(model_path, folder):
    options = EngineOptions(model_name="small", model_path=model_path, context_length=512, parallel=1)
    supervisor = Supervisor(options, run_dir=socket_folder(folder), log_path=folder / "engine.log",
                            clock=SystemClock(), random=Random(1), environ=os.environ)
    await supervisor.start()
    assert await supervisor.wait_ready(60)
    print(supervisor.pid, flush=True)
    await asyncio.Event().wait()

asyncio.run(main(sys.argv[1], Path(sys.argv[2])))
"""


async def test_the_child_dies_with_its_parent(model_path: Path, tmp_path: Path) -> None:
    """A gateway that is killed leaves no engine behind."""
    parent = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", PARENT, str(model_path), str(tmp_path)),
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert parent.stdout is not None
    gone = ended(int(await asyncio.wait_for(parent.stdout.readline(), READY_S)))
    parent.kill()
    await parent.wait()
    assert await asyncio.to_thread(gone, SOON_S)


@pytest.mark.parametrize("early", [True, False])
async def test_the_child_ends_with_its_input(model_path: Path, tmp_path: Path, early: bool) -> None:
    """Where no signal tells of the parent's death the closed pipe does, while the model is loading and after."""
    socket_path = fresh_socket(tmp_path)
    options = EngineOptions(model_name="small", model_path=str(model_path), context_length=512, parallel=1)
    document = ChildDocument(options=options, socket_path=socket_path, api_key="k", parent_pid=os.getpid())
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-m", MODULE),
        stdin=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env=clean_environment(os.environ),
    )
    assert child.stdin is not None
    child.stdin.write(msgspec.json.encode(document) + b"\n")
    await child.stdin.drain()
    if not early:
        exit_of = asyncio.ensure_future(child.wait())
        async with asyncio.timeout(READY_S):
            while not await healthy(socket_path, timeout_s=1):
                assert not (await asyncio.wait({exit_of}, timeout=0.05))[0]
    child.stdin.close()
    try:
        assert await asyncio.wait_for(child.wait(), SOON_S) == 0
    finally:
        with contextlib.suppress(ProcessLookupError):
            child.kill()
