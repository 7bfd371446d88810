"""The thread that finds out who blocks the event loop."""

from __future__ import annotations

import io
import threading

import msgspec

from antiphon.clock import SystemClock
from antiphon.gateway.watchdog import Watchdog
from antiphon.observe.logs import Log

PATIENCE_S = 20.0


class Lines(io.StringIO):
    """A log that tells when something was written."""

    def __init__(self) -> None:
        super().__init__()
        self.written = threading.Event()

    def flush(self) -> None:
        """A line is whole."""
        self.written.set()


def block(lines: Lines) -> bool:
    """Stand still until that is logged."""
    return lines.written.wait(PATIENCE_S)


def test_a_standstill_is_logged_with_its_place_once() -> None:
    """The stack names the function that stands still; the next standstill is told again."""
    lines = Lines()
    dog = Watchdog(clock=SystemClock(), log=Log(form="json", stream=lines), blocked_s=0.4)
    dog.start()
    try:
        for _ in range(2):
            assert block(lines)
            lines.written.clear()
            assert not lines.written.wait(0.3)
            dog.beat()
    finally:
        dog.close()
    told = [msgspec.json.decode(line) for line in lines.getvalue().splitlines()]
    assert [line["message"] for line in told] == ["the event loop is blocked"] * 2
    assert told[0]["for_s"] >= 0.4
    assert "in block" in told[0]["trace"]


def test_it_ends_when_told() -> None:
    """Also when it was never started."""
    dog = Watchdog(clock=SystemClock(), log=Log(stream=io.StringIO()))
    dog.close()
    dog = Watchdog(clock=SystemClock(), log=Log(stream=io.StringIO()))
    dog.start()
    dog.close()
    assert not dog._thread.is_alive()
