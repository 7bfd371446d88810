"""A time limit and a heartbeat for the current task, with one timer: the hot path's asyncio.timeout."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from types import TracebackType

from antiphon.errors import DeadlineExceeded
from antiphon.wheel import TimerWheel


class Deadline:
    """`with Deadline(...)` raises DeadlineExceeded when the body still waits at `at` (the event loop's time).

    Until then `beat` is called every `heartbeat_s` seconds.
    """

    __slots__ = ("_at", "_beat", "_beat_at", "_heartbeat_s", "_passed", "_task", "_timer", "_wheel")

    def __init__(
        self, wheel: TimerWheel, now: float, at: float, *, beat: Callable[[], None], heartbeat_s: float
    ) -> None:
        self._wheel = wheel
        self._at = at
        self._beat = beat
        self._heartbeat_s = heartbeat_s
        self._beat_at = now + heartbeat_s
        self._passed = False

    def __enter__(self) -> None:
        self._task = asyncio.current_task()
        self._timer = self._wheel.at(min(self._at, self._beat_at), self._ring)

    def _ring(self) -> None:
        if self._beat_at < self._at:
            self._beat_at += self._heartbeat_s
            self._beat()
            self._timer = self._wheel.at(min(self._at, self._beat_at), self._ring)
            return
        self._passed = True
        if self._task is not None:
            self._task.cancel()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._timer.cancel()
        del self._timer  # it holds us, so keeping it would leave a cycle for the garbage collector at each request
        if self._passed and kind is asyncio.CancelledError and self._task is not None and not self._task.uncancel():
            raise DeadlineExceeded from error
