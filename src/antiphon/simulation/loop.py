"""An event loop without a world: its clock jumps to the next timer, and a seed chooses who is first of those ready.

Whatever runs on it must not read, write or wait outside: there is nothing to be read. A coroutine that waits for what
can never come is an error here, and not a hang.
"""

from __future__ import annotations

import asyncio
import heapq
from collections import deque
from collections.abc import Callable, Coroutine
from random import Random
from typing import Any, TypeVar

ROUNDS_MAX = 100_000
Result = TypeVar("Result")
Context = dict[str, Any]  # Any: what asyncio tells an exception handler


class Stalled(RuntimeError):
    """Nothing will ever come of it: everything waits for nothing, or runs in a circle while no time passes."""


class VirtualLoop(asyncio.BaseEventLoop):
    """Runs what is ready until nothing is, then moves its clock to the next timer.

    With `shuffle`, callbacks that are ready together run in an order that it draws.
    """

    _ready: deque[asyncio.Handle]
    _scheduled: list[asyncio.TimerHandle]
    _stopping: bool

    def __init__(self, shuffle: Random | None = None) -> None:
        super().__init__()
        self._now = 0.0
        self._shuffle = shuffle
        self._rounds = 0  # since the clock has moved
        self.unhandled: list[str] = []  # failures that nobody waited for
        self.set_exception_handler(self._keep)

    def time(self) -> float:
        """Virtual seconds since the loop was made."""
        return self._now

    def _run_once(self) -> None:
        """One round: of all that is ready now, what that makes ready is for the next round."""
        self._advance()
        self._rounds += 1
        if self._rounds > ROUNDS_MAX:
            self._rounds = 0  # what is still under way can be cancelled
            raise Stalled(f"{ROUNDS_MAX} rounds at {self._now} s: something runs in a circle.")
        batch = list(self._ready)
        self._ready.clear()
        if self._shuffle is not None and len(batch) > 1:
            self._shuffle.shuffle(batch)
        for handle in batch:
            if not handle._cancelled:  # noqa: SLF001 - a loop runs its own handles
                handle._run()  # noqa: SLF001

    def _advance(self) -> None:
        """Move on to the next timer when nothing is ready, and make ready what is due."""
        timers = self._scheduled
        while timers and timers[0].cancelled():
            heapq.heappop(timers)
        if not self._ready and not self._stopping:
            if not timers:
                raise Stalled("Everything waits, and nothing is left that could wake it.")
            if timers[0].when() > self._now:
                self._rounds = 0
            self._now = max(self._now, timers[0].when())
        while timers and timers[0].when() <= self._now:
            timer = heapq.heappop(timers)
            timer._scheduled = False  # type: ignore[attr-defined] # noqa: SLF001 - as asyncio's own loop does
            if not timer.cancelled():
                self._ready.append(timer)

    def _write_to_self(self) -> None:
        """Nobody has to be woken from a wait for sockets."""

    def _keep(self, loop: asyncio.AbstractEventLoop, context: Context) -> None:  # noqa: ARG002 - asyncio's signature
        error = context.get("exception")
        self.unhandled.append(f"{context['message']} {error!r}" if error else str(context["message"]))


def run(main: Callable[[VirtualLoop], Coroutine[Any, Any, Result]], shuffle: Random | None = None) -> Result:
    """The result of a coroutine on a loop of its own; whatever it left running is cancelled."""
    loop = VirtualLoop(shuffle)
    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        return runner.run(main(loop))
