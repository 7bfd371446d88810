"""The timer wheel: rings at the first tick after a timer's time, never a cancelled one, whatever callbacks raise."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import cast

import pytest

from antiphon.wheel import Timer, TimerWheel


class Call:
    """One call of the loop's."""

    def __init__(self, when: float, callback: Callable[[], object]) -> None:
        self.when = when
        self.callback = callback
        self.cancelled = False

    def cancel(self) -> None:
        """Do not make it."""
        self.cancelled = True


class HandLoop:
    """An event loop whose clock the test turns by hand."""

    def __init__(self) -> None:
        self.now = 100.0
        self.made = 0
        self._calls: list[Call] = []

    @property
    def pending(self) -> list[Call]:
        """The calls that are still to be made."""
        return [call for call in self._calls if not call.cancelled]

    def time(self) -> float:
        """The hand-set time in seconds."""
        return self.now

    def call_at(self, when: float, callback: Callable[[], object]) -> Call:
        """Keep the call for `pass_time`."""
        call = Call(when, callback)
        self._calls.append(call)
        return call

    def pass_time(self, seconds: int = 1) -> None:
        """Let whole seconds pass and make the calls that are due."""
        for _ in range(seconds):
            self.now += 1
            due = [call for call in self.pending if call.when <= self.now]
            self._calls = [call for call in self.pending if call.when > self.now]
            for call in due:
                self.made += 1
                call.callback()


@pytest.fixture
def loop() -> HandLoop:
    """A loop at time 100."""
    return HandLoop()


@pytest.fixture
def wheel(loop: HandLoop) -> TimerWheel:
    """A wheel with ticks of one second."""
    return TimerWheel(cast("asyncio.AbstractEventLoop", loop), tick_s=1)


def test_a_timer_rings_once_at_the_tick_after_its_time(loop: HandLoop, wheel: TimerWheel) -> None:
    """It is never early and at most a tick late."""
    rung: list[float] = []
    wheel.at(102.5, lambda: rung.append(loop.now))
    loop.pass_time(10)
    assert rung == [103]


def test_after_counts_from_now(loop: HandLoop, wheel: TimerWheel) -> None:
    """`after` is `at` with the loop's time added."""
    rung: list[float] = []
    wheel.after(2.5, lambda: rung.append(loop.now))
    loop.pass_time(10)
    assert rung == [103]


def test_a_time_gone_by_rings_at_the_next_tick(loop: HandLoop, wheel: TimerWheel) -> None:
    """A timer that is set late still rings."""
    rung: list[float] = []
    wheel.at(5, lambda: rung.append(loop.now))
    loop.pass_time(3)
    assert rung == [101]


def test_a_cancelled_timer_does_not_ring(loop: HandLoop, wheel: TimerWheel) -> None:
    """Its neighbours in the same tick do."""
    rung: list[str] = []
    cancelled = wheel.after(2, lambda: rung.append("cancelled"))
    wheel.after(2, lambda: rung.append("kept"))
    cancelled.cancel()
    loop.pass_time(5)
    assert rung == ["kept"]


def test_cancelling_a_rung_timer_does_nothing(loop: HandLoop, wheel: TimerWheel) -> None:
    """Owners cancel without asking."""
    timer = wheel.after(1, lambda: None)
    loop.pass_time(5)
    timer.cancel()
    assert loop.pending == []


def test_a_callback_may_cancel_another_of_the_same_tick(loop: HandLoop, wheel: TimerWheel) -> None:
    """Whichever rings first silences the other."""
    rung: list[str] = []
    timers: list[Timer] = []

    def ring() -> None:
        rung.append("one")
        for timer in timers:
            timer.cancel()

    timers += [wheel.after(1, ring), wheel.after(1, ring)]
    loop.pass_time(5)
    assert rung == ["one"]


def test_a_callback_may_set_a_timer(loop: HandLoop, wheel: TimerWheel) -> None:
    """That is how a heartbeat goes on."""
    rung: list[float] = []

    def ring() -> None:
        rung.append(loop.now)
        if len(rung) < 3:
            wheel.after(1, ring)

    wheel.after(0.5, ring)
    loop.pass_time(10)
    assert rung == [101, 103, 105]


def test_a_raising_callback_does_not_stop_the_wheel(loop: HandLoop, wheel: TimerWheel) -> None:
    """Its own error comes out, the other timers ring all the same."""
    rung: list[str] = []

    def fail() -> None:
        raise ZeroDivisionError

    wheel.after(1.5, fail)
    wheel.after(1.5, lambda: rung.append("same tick"))
    wheel.after(4, lambda: rung.append("later"))
    with pytest.raises(ZeroDivisionError):
        loop.pass_time(2)
    loop.pass_time(6)
    assert rung == ["same tick", "later"]


def test_the_wheel_stands_still_without_timers_and_turns_again(loop: HandLoop, wheel: TimerWheel) -> None:
    """An idle gateway is not woken."""
    rung: list[float] = []
    wheel.after(1, lambda: rung.append(loop.now))
    loop.pass_time(5)
    assert loop.pending == []
    wheel.after(1, lambda: rung.append(loop.now))
    assert len(loop.pending) == 1
    loop.pass_time(5)
    assert rung == [102, 107]


def test_ticks_that_the_loop_missed_are_made_up_for(loop: HandLoop, wheel: TimerWheel) -> None:
    """A loop that was held up rings all that came due meanwhile, in order."""
    rung: list[str] = []
    wheel.after(3, lambda: rung.append("later"))
    wheel.after(1, lambda: rung.append("sooner"))
    loop.now += 20
    loop.pass_time()
    assert rung == ["sooner", "later"]


def test_a_timer_that_is_sooner_than_all_before_is_not_late(loop: HandLoop, wheel: TimerWheel) -> None:
    """Whatever the wheel waits for by then."""
    rung: list[float] = []
    for delay in (50, 3, 20):
        wheel.after(delay, lambda: rung.append(loop.now))
    loop.pass_time(60)
    assert rung == [104, 121, 151]


def test_nothing_happens_for_timers_that_were_cancelled(loop: HandLoop, wheel: TimerWheel) -> None:
    """The loop is woken once for the first of them, and then for the next one that is still set."""
    rung: list[float] = []
    for delay in range(1, 40):
        wheel.after(delay, lambda: None).cancel()
    wheel.after(40, lambda: rung.append(loop.now))
    loop.pass_time(60)
    assert (rung, loop.made) == ([141], 2)
