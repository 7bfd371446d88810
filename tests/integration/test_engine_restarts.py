"""The engine's child is killed again and again below a gateway with clients: they are told, and soon answered again."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from antiphon.engines.embedded.backoff import BackoffLimits
from antiphon.testing.gateway_process import GatewayProcess
from antiphon.testing.raw_client import RawResponse

KEY = "sk-engine-restarts"
MODEL = "smollm2:135m"
SETTINGS = f"""
[[keys]]
name = "load"
key = "{KEY}"

[[models]]
name = "{MODEL}"
reference = "{MODEL}"
parallel = 2
"""
CLIENTS = 3
TIMEOUT_S = 30
BACKOFF = BackoffLimits()
LOAD_S_MAX = 30.0  # for the model to load while other work has the processors
LATE_S_MAX = 3.0  # for an answer to be written and read there
CHAT = "/v1/chat/completions"


@pytest_asyncio.fixture
async def gateway(tmp_path: Path) -> AsyncIterator[GatewayProcess]:
    """A gateway with the embedded model."""
    async with GatewayProcess(SETTINGS, tmp_path) as process:
        yield process


def child_of(pid: int) -> int | None:
    """The engine's process below the gateway's, None while there is none."""
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            parent = int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1])
            command = (entry / "cmdline").read_bytes()
        except (OSError, ValueError):
            continue
        if parent == pid and b"antiphon.engines.embedded.child" in command:
            return int(entry.name)
    return None


class Load:
    """Clients that ask on and on; each is told how its answer ended, none later than its time-out."""

    def __init__(self, gateway: GatewayProcess) -> None:
        self._gateway = gateway
        self.failed = 0
        self.longest_s = 0.0
        self.over = False
        self._latest_s = 0.0
        self._served = asyncio.Event()

    async def run(self, *, stream: bool) -> None:
        """One client."""
        messages = [{"role": "user", "content": "Count to ten."}]
        body = {"model": MODEL, "messages": messages, "max_tokens": 24, "stream": stream, "timeout_secs": TIMEOUT_S}
        while not self.over:
            begun = time.monotonic()
            answer = await self._gateway.ask(CHAT, body, key=KEY, timeout_s=TIMEOUT_S + 5)
            self.longest_s = max(self.longest_s, time.monotonic() - begun)
            if failed(answer, stream=stream):
                self.failed += 1
            else:
                self._latest_s = max(self._latest_s, begun)
                self._served.set()

    async def served_since(self, moment_s: float, *, within_s: float) -> None:
        """Return once an answer is whole that was asked for after that moment; TimeoutError when none is in time."""
        async with asyncio.timeout(within_s):
            while self._latest_s <= moment_s:
                self._served.clear()
                await self._served.wait()


def failed(answer: RawResponse, *, stream: bool) -> bool:
    """Whether the client was told of a failure; anything but that or a whole answer is an error here."""
    assert answer.ending == "whole", answer
    if answer.status != 200:
        assert answer.status in (502, 503), answer
        return True
    if not stream:
        return "error" in answer.json()
    *_, last = answer.events()
    assert last == "[DONE]" or json.loads(last)["error"]["message"], answer
    return last != "[DONE]"


async def kill_under_load(gateway: GatewayProcess, kills: int) -> None:
    """Kill the child `kills` times while clients ask; each time it is back when its pause and a load are over."""
    load = Load(gateway)
    async with asyncio.TaskGroup() as group:
        for i in range(CLIENTS):
            group.create_task(load.run(stream=i % 2 == 0))
        try:
            await load.served_since(0.0, within_s=LOAD_S_MAX)
            for number in range(kills):
                child = child_of(gateway.pid)
                assert child is not None
                os.kill(child, signal.SIGKILL)
                pause_s = min(BACKOFF.first_s * 2**number, BACKOFF.cap_s)
                await load.served_since(time.monotonic(), within_s=pause_s + LOAD_S_MAX)
        finally:
            load.over = True
    assert gateway.alive
    assert "Traceback" not in gateway.log
    assert load.failed >= 1
    assert load.longest_s < TIMEOUT_S + LATE_S_MAX


async def test_killed_engine_comes_back_under_load(gateway: GatewayProcess) -> None:
    """Two kills: each time the gateway answers again, and nobody hangs."""
    await kill_under_load(gateway, 2)


@pytest.mark.slow
@pytest.mark.timeout(1200)
async def test_engine_killed_twenty_times_under_load(gateway: GatewayProcess) -> None:
    """Twenty kills: the same."""
    await kill_under_load(gateway, 20)
