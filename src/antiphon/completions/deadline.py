"""A time limit on the current task: asyncio.timeout's effect at a fraction of its cost, on the hot path."""

from __future__ import annotations

import asyncio
from types import TracebackType

from antiphon.errors import DeadlineExceeded
from antiphon.wheel import TimerWheel


class Deadline:
    """`with Deadline(wheel, at):` raises DeadlineExceeded when the body is still waiting at `at` (the loop's time)."""

    __slots__ = ("_at", "_passed", "_task", "_timer", "_wheel")

    def __init__(self, wheel: TimerWheel, at: float) -> None:
        self._wheel = wheel
        self._at = at
        self._passed = False

    def __enter__(self) -> None:
        self._task = asyncio.current_task()
        self._timer = self._wheel.at(self._at, self._ring)

    def _ring(self) -> None:
        self._passed = True
        if self._task is not None:
            self._task.cancel()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._timer.cancel()
        if self._passed and kind is asyncio.CancelledError and self._task is not None and not self._task.uncancel():
            raise DeadlineExceeded from error
