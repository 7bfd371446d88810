"""A node in a process of its own, started as its owner would."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any, Self

READY_S = 60.0
STOP_S = 40.0


class NodeProcess:
    """`antiphon node` with these words, and its data in this folder. `before` goes in front of the program."""

    def __init__(self, folder: Path, *words: str, before: tuple[str, ...] = ()) -> None:
        self._folder = folder
        self._words = words
        self._before = before
        self._process: asyncio.subprocess.Process | None = None
        self._reading: asyncio.Task[None] | None = None
        self.events: list[dict[str, Any]] = []  # Any: JSON
        self._told = asyncio.Event()

    async def __aenter__(self) -> Self:
        """Start it and wait until it serves."""
        await self.start()
        await self.wait_for("serving")
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop it."""
        await self.stop()

    @property
    def pid(self) -> int:
        """The process id."""
        return self._running().pid

    @property
    def alive(self) -> bool:
        """Whether the process runs."""
        return self._process is not None and self._process.returncode is None

    @property
    def log(self) -> str:
        """All that it wrote to its standard error."""
        return (self._folder / "node.log").read_text(encoding="utf-8", errors="replace")

    async def start(self, *words: str) -> None:
        """Start it, these words instead of the first ones if there are any; `events` begins anew."""
        self._folder.mkdir(parents=True, exist_ok=True)
        self.events.clear()
        command = (*self._before, sys.executable, "-m", "antiphon", "node", *(words or self._words))
        with (self._folder / "node.log").open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *(*command, "--data-dir", str(self._folder / "data"), "--json"),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=log,
                env=dict(os.environ),
                start_new_session=True,
            )
        self._reading = asyncio.get_running_loop().create_task(self._read())

    async def wait_for(self, event: str, timeout_s: float = READY_S) -> dict[str, Any]:  # Any: JSON
        """What it told with an event of that kind; RuntimeError with its log when it ends or does not tell in time."""
        try:
            async with asyncio.timeout(timeout_s):
                while True:
                    for told in self.events:
                        if told["event"] == event:
                            return told
                    assert self._reading is not None, "start the node first"
                    if self._reading.done():
                        break
                    self._told.clear()
                    await self._told.wait()
        except TimeoutError:
            pass
        raise RuntimeError(f"the node did not tell {event!r}:\n{self.events}\n{self.log}")

    async def ended(self, timeout_s: float = STOP_S) -> int:
        """Its exit code, once it has ended by itself."""
        async with asyncio.timeout(timeout_s):
            code = await self._running().wait()
        if self._reading is not None:
            await self._reading
        return code

    def signal(self, number: int) -> None:
        """Send it a signal."""
        self._running().send_signal(number)

    async def stop(self) -> int:
        """End it with SIGTERM, with SIGKILL when that is not enough; its exit code."""
        if self.alive:
            self.signal(signal.SIGTERM)
        try:
            return await self.ended()
        except TimeoutError:
            os.killpg(self.pid, signal.SIGKILL)
            return await self.ended()

    async def kill(self) -> None:
        """End it and its children with SIGKILL, as a crash would."""
        os.killpg(self.pid, signal.SIGKILL)
        await self.ended()

    async def _read(self) -> None:
        output = self._running().stdout
        assert output is not None
        while line := await output.readline():
            self.events.append(json.loads(line))
            self._told.set()
        self._told.set()

    def _running(self) -> asyncio.subprocess.Process:
        """The process, which has been started."""
        assert self._process is not None, "start the node first"
        return self._process
