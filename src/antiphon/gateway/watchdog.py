"""A thread that sees when the event loop stands still, and logs where: whoever blocks it is found in the log."""

from __future__ import annotations

import sys
import threading
import traceback

from antiphon.clock import Clock
from antiphon.observe.logs import Log

BLOCKED_S = 2.0
LOOKS = 8  # in that time
FRAMES_MAX = 30


class Watchdog:
    """Watches the thread that made it, as long as that calls `beat` more often than every `blocked_s`."""

    def __init__(self, *, clock: Clock, log: Log, blocked_s: float = BLOCKED_S) -> None:
        self._clock = clock
        self._log = log
        self._blocked_s = blocked_s
        self._watched = threading.get_ident()
        self._beaten_at = clock.monotonic()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="watchdog", daemon=True)

    def start(self) -> None:
        """Begin to watch."""
        self.beat()
        self._thread.start()

    def beat(self) -> None:
        """The loop runs."""
        self._beaten_at = self._clock.monotonic()

    def close(self) -> None:
        """Watch no more."""
        self._over.set()
        if self._thread.is_alive():
            self._thread.join()

    def _watch(self) -> None:
        """Tell of each standstill once. One in which this thread stood still too was the whole process's."""
        told_of = looked_at = 0.0
        while not self._over.wait(self._blocked_s / LOOKS):
            now, beaten_at = self._clock.monotonic(), self._beaten_at
            stood_still = looked_at and now - looked_at > self._blocked_s / 2
            looked_at = now
            if beaten_at != told_of and now - beaten_at >= self._blocked_s and not stood_still:
                told_of = beaten_at
                self._log.error("the event loop is blocked", for_s=round(now - beaten_at, 1), trace=self._stack())

    def _stack(self) -> str:
        """Where the watched thread is."""
        frame = sys._current_frames().get(self._watched)  # noqa: SLF001 - the only way to another thread's stack
        return "".join(traceback.format_stack(frame, limit=FRAMES_MAX)) if frame is not None else ""
