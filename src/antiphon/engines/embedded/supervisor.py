"""Keeps one engine child running: starts it, knows whether it is ready, starts it again when it ends or hangs.

What counts as a hang: nothing answers /health for `hang_limit_s`. llama.cpp answers it from a thread of its own, so
a child that is busy, however long, still answers; one that is stopped or swapped out does not.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import secrets
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Literal

from msgspec import Struct

from antiphon.clock import Clock
from antiphon.engines.embedded.backoff import Backoff, BackoffLimits
from antiphon.engines.embedded.health import healthy
from antiphon.engines.embedded.log import EngineLog
from antiphon.engines.embedded.options import EngineOptions
from antiphon.engines.embedded.process import ChildProcess
from antiphon.engines.embedded.sockets import fresh_socket

State = Literal["loading", "ready", "restarting", "failed", "stopped"]
LOAD_S_GUESS = 3.0
RETRY_AFTER_S_MAX = 60
LAST_LINES = 3  # the library writes from several threads, so the reason need not be the very last


class SupervisorLimits(Struct, frozen=True, kw_only=True):
    """How long each step may take."""

    start_timeout_s: float = 600.0
    start_poll_s: float = 0.05
    probe_interval_s: float = 5.0
    probe_timeout_s: float = 5.0
    hang_limit_s: float = 20.0
    stop_grace_s: float = 3.0
    backoff: BackoffLimits = BackoffLimits()


class Supervisor:
    """One child at a time. `state` changes are told to `on_change`; `address` differs after each restart."""

    def __init__(
        self,
        options: EngineOptions,
        *,
        run_dir: Path,
        log_path: Path,
        clock: Clock,
        random: Random,
        environ: Mapping[str, str],
        on_change: Callable[[], None] = lambda: None,
        limits: SupervisorLimits = SupervisorLimits(),
    ) -> None:
        self.options = options
        self.api_key = secrets.token_urlsafe(32)
        self.state: State = "stopped"
        self.restarts = 0
        self.last_error: str | None = None
        self._run_dir = run_dir
        self._log = EngineLog(log_path)
        self._clock = clock
        self._environ = environ
        self._on_change = on_change
        self._limits = limits
        self._backoff = Backoff(limits.backoff, random)
        self._child: ChildProcess | None = None
        self._socket_path = ""
        self._load_s = LOAD_S_GUESS
        self._started_at = 0.0  # of the running child, or of the next one
        self._ready = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    @property
    def address(self) -> str:
        """Where the child listens, `unix:/path`; read it at each request."""
        return "unix:" + self._socket_path

    @property
    def pid(self) -> int | None:
        """The child's process id while there is one."""
        return None if self._child is None else self._child.pid

    @property
    def retry_after_s(self) -> int:
        """Whole seconds until the child is probably ready: 0 when it is, else 1 to 60."""
        if self.state == "ready":
            return 0
        left_s = self._started_at + self._load_s - self._clock.monotonic()
        return max(1, min(RETRY_AFTER_S_MAX, math.ceil(left_s)))

    def log_tail(self) -> list[str]:
        """The last lines that children wrote."""
        return self._log.tail()

    async def start(self) -> None:
        """Begin to keep a child running; returns at once. May be called once."""
        self._set("loading")
        self._task = asyncio.create_task(self._run(), name=f"supervisor {self.options.model_name}")

    async def wait_ready(self, timeout_s: float) -> bool:
        """Wait for a ready child; False when there is none in time."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                await self._ready.wait()
        return self._ready.is_set()

    async def stop(self) -> None:
        """End the child and start no other; may be called more than once."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        if self._child is not None:  # the task was cancelled while it ended the child
            await self._child.end(grace_s=self._limits.stop_grace_s)
        self._log.close()
        self._set("stopped")

    def _set(self, state: State) -> None:
        if state == "ready":
            self._ready.set()
        else:
            self._ready.clear()
        if state != self.state:
            self.state = state
            self._on_change()

    async def _run(self) -> None:
        while True:
            self._started_at = self._clock.monotonic()
            ready_for_s = await self._live()
            wait_s = self._backoff.ended(ready_for_s)
            self._started_at = self._clock.monotonic() + wait_s
            self._set("failed" if self._backoff.failed else "restarting")
            await asyncio.sleep(wait_s)
            self.restarts += 1

    async def _live(self) -> float | None:
        """One child from its start to its end; the seconds that it was ready, None if it never was."""
        self._socket_path = fresh_socket(self._run_dir)
        try:
            child = self._child = await ChildProcess.spawn(
                self.options,
                socket_path=self._socket_path,
                api_key=self.api_key,
                environ=self._environ,
                log=self._log,
            )
        except OSError as error:
            self.last_error = f"The engine could not be started: {error}."
            return None
        self._log.begin(f"--- engine {child.pid} starts at {_wall_time(self._clock)}")
        reason, ready_at = "", None
        try:
            reason = await self._until_ready(child)
            if not reason:
                ready_at = self._note_ready()
                reason = await self._until_it_hangs(child)
                self._note_end(child.ending, reason)
                self._set("restarting")
        finally:
            ending = await child.end(grace_s=self._limits.stop_grace_s)
            self._child = None
        self._note_end(ending, reason)
        return None if ready_at is None else self._clock.monotonic() - ready_at

    def _note_ready(self) -> float:
        now = self._clock.monotonic()
        self._load_s = now - self._started_at
        self.last_error = None
        self._backoff.became_ready()
        self._set("ready")
        return now

    def _note_end(self, ending: str, reason: str) -> None:
        words = " | ".join(line.strip() for line in self._log.tail()[-LAST_LINES:])
        self.last_error = f"The engine {ending}{reason}." + (f" Its last words: {words}" if words else "")

    async def _until_ready(self, child: ChildProcess) -> str:
        """Wait until it answers. What went wrong, as the end of a sentence; empty when it is ready."""
        deadline = self._clock.monotonic() + self._limits.start_timeout_s
        while not await _ended(child, within_s=self._limits.start_poll_s):
            if await healthy(child.socket_path, timeout_s=self._limits.probe_timeout_s):
                return ""
            if self._clock.monotonic() > deadline:
                return f" after {self._limits.start_timeout_s:g} s without being ready"
        return " before it was ready"

    async def _until_it_hangs(self, child: ChildProcess) -> str:
        """Wait until it ends, or until it has not answered for too long. Why, as the end of a sentence."""
        answered_at = self._clock.monotonic()
        while not await _ended(child, within_s=self._limits.probe_interval_s):
            if await healthy(child.socket_path, timeout_s=self._limits.probe_timeout_s) is not None:
                answered_at = self._clock.monotonic()
            elif self._clock.monotonic() - answered_at > self._limits.hang_limit_s:
                return f" because it answered nothing for {self._limits.hang_limit_s:g} s"
        return ""


def _wall_time(clock: Clock) -> str:
    return datetime.fromtimestamp(clock.now(), UTC).isoformat(timespec="seconds")


async def _ended(child: ChildProcess, *, within_s: float) -> bool:
    """Whether the child ends within that time; returns as soon as it does."""
    done, _ = await asyncio.wait({child.exit}, timeout=within_s)
    return bool(done)
