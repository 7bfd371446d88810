"""Clocks: the machine's own, and one that moves only when told to."""

from __future__ import annotations

import time

from antiphon.clock import Clock, ManualClock, SystemClock


def test_the_system_clock_is_the_machines() -> None:
    """Both readings lie between two of the machine's own."""
    clock: Clock = SystemClock()
    before = time.time(), time.monotonic()
    now, monotonic = clock.now(), clock.monotonic()
    assert before[0] <= now <= time.time()
    assert before[1] <= monotonic <= time.monotonic()


def test_a_manual_clock_moves_only_when_told() -> None:
    """Both times go on by the same seconds."""
    clock: Clock = ManualClock(1000.0)
    assert (clock.now(), clock.monotonic()) == (1000.0, 0.0)
    assert (clock.now(), clock.monotonic()) == (1000.0, 0.0)


def test_advancing_moves_both_times() -> None:
    """Seconds add up, in wall time and in monotonic time."""
    clock = ManualClock(1000.0)
    clock.advance(1.5)
    clock.advance(2.5)
    assert (clock.now(), clock.monotonic()) == (1004.0, 4.0)
