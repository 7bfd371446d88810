"""Processes that a proof breaks: each keeps its port when it is killed and started again, and ends with its context."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import Any

READY_S = 120.0
LINE_BYTES_MAX = 16 * 1024 * 1024
JSON = Any  # Any: the line that a process announces itself with
Command = Callable[[int], Sequence[str]]  # from the port that it shall listen on; 0 is any


class Node:
    """A process that announces itself in one JSON line with its `url`, and then says what it likes, line by line."""

    def __init__(
        self,
        name: str,
        command: Command,
        folder: Path,
        *,
        on_line: Callable[[str], None] | None = None,
        ready_s: float = READY_S,
    ) -> None:
        self.name = name
        self.url = ""
        self.kills = 0
        self._command = command
        self._log = folder / f"{name}.log"
        self._on_line = on_line
        self._ready_s = ready_s
        self._groups: tuple[int, ...] = ()  # of processes, all of which are this node's alone
        self._port = 0
        self._process: asyncio.subprocess.Process | None = None
        self._reading: asyncio.Task[None] | None = None

    @property
    def pid(self) -> int:
        """The process that runs now, or ran last."""
        return self._running().pid

    @property
    def alive(self) -> bool:
        """Whether it was started and not killed since."""
        return bool(self._groups)

    @property
    def log(self) -> str:
        """All that it wrote to its standard error."""
        return self._log.read_text(encoding="utf-8", errors="replace")

    async def start(self) -> None:
        """Start it (again), and wait until it announces itself; RuntimeError when it does not."""
        with self._log.open("ab") as log:
            process = self._process = await asyncio.create_subprocess_exec(
                *self._command(self._port),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=log,
                start_new_session=True,
                limit=LINE_BYTES_MAX,
            )
        assert process.stdout is not None
        self._groups = (process.pid,)
        async with asyncio.timeout(self._ready_s):
            line = await process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self.name} ended at once:\n{self.log[-4000:]}")
        said: JSON = json.loads(line)
        self.url = str(said["url"])
        self._groups = (*self._groups, *([int(said["pid"])] if "pid" in said else []))
        self._port = int(self.url.rpartition(":")[2].partition("/")[0])
        self._reading = asyncio.get_running_loop().create_task(self._read(process.stdout))

    def strike(self) -> None:
        """End it with SIGKILL, at once: nothing is said or tidied up."""
        self.kills += 1
        self._strike()

    async def kill(self) -> None:
        """The same, and wait until it is gone."""
        self.strike()
        await self._end()

    def freeze(self) -> None:
        """Stop it where it is: its connections stay open and say nothing."""
        self._running().send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        self._running().send_signal(signal.SIGCONT)

    async def stop(self) -> None:
        """End it, however it is."""
        if self._process is not None:
            await self._end()

    async def _end(self) -> None:
        self._strike()
        await self._running().wait()
        if self._reading is not None:
            await self._reading
            self._reading = None

    def _strike(self) -> None:
        groups, self._groups = self._groups, ()
        for group in groups:
            with contextlib.suppress(ProcessLookupError):  # it has ended by itself
                os.killpg(group, signal.SIGKILL)

    async def _read(self, output: asyncio.StreamReader) -> None:
        """Take what it says until it is gone."""
        while line := await output.readline():
            if self._on_line is not None and line.endswith(b"\n"):
                self._on_line(line.decode())

    def _running(self) -> asyncio.subprocess.Process:
        assert self._process is not None, "start it first"
        return self._process


@contextlib.asynccontextmanager
async def started(*nodes: Node) -> AsyncIterator[None]:
    """The nodes, all running, and all gone afterwards."""
    try:
        await asyncio.gather(*(node.start() for node in nodes))
        yield
    finally:
        await asyncio.gather(*(node.stop() for node in nodes))


@contextlib.asynccontextmanager
async def aside(work: Callable[[], Any]) -> AsyncIterator[None]:  # Any: a coroutine of whatever result
    """Work that goes on beside the block and is cancelled at its end; what it raises fails the block."""
    async with asyncio.TaskGroup() as group:
        task = group.create_task(work())
        yield
        task.cancel()
