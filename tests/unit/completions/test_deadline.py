"""One timer for a time limit and a heartbeat."""

from __future__ import annotations

import asyncio

import pytest

from antiphon.completions.deadline import Deadline
from antiphon.errors import DeadlineExceeded
from antiphon.wheel import TimerWheel
from tests.unit.completions.scripted import ignore


@pytest.fixture
async def wheel() -> TimerWheel:
    """A wheel of the running loop with short ticks."""
    return TimerWheel(asyncio.get_running_loop(), tick_s=0.001)


async def test_it_raises_when_the_body_still_waits(wheel: TimerWheel) -> None:
    """The cancellation stays inside: the task goes on afterwards."""
    now = asyncio.get_running_loop().time()
    with pytest.raises(DeadlineExceeded), Deadline(wheel, now, now + 0.005, beat=ignore, heartbeat_s=60):
        await asyncio.Event().wait()
    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0


async def test_a_heartbeat_rings_until_the_body_ends(wheel: TimerWheel) -> None:
    """Beats come again and again and do not end the body."""
    now = asyncio.get_running_loop().time()
    beats: list[int] = []
    third = asyncio.Event()

    def beat() -> None:
        beats.append(len(beats))
        if len(beats) == 3:
            third.set()

    with Deadline(wheel, now, now + 60, beat=beat, heartbeat_s=0.002):
        await third.wait()
    assert beats[:3] == [0, 1, 2]


async def test_a_body_in_time_leaves_no_timer(wheel: TimerWheel) -> None:
    """The timer is taken out of its bucket, so nothing rings later."""
    now = asyncio.get_running_loop().time()
    with Deadline(wheel, now, now + 60, beat=ignore, heartbeat_s=60):
        await asyncio.sleep(0)
    assert not any(wheel._buckets.values())


async def test_a_cancellation_from_outside_stays_one(wheel: TimerWheel) -> None:
    """A client that goes away is not taken for a time-out."""
    entered = asyncio.Event()

    async def wait() -> None:
        now = asyncio.get_running_loop().time()
        with Deadline(wheel, now, now + 60, beat=ignore, heartbeat_s=60):
            entered.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(wait())
    await entered.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_an_error_of_the_body_comes_through(wheel: TimerWheel) -> None:
    """Only the deadline's own cancellation is translated."""
    now = asyncio.get_running_loop().time()
    with pytest.raises(ZeroDivisionError), Deadline(wheel, now, now + 60, beat=ignore, heartbeat_s=60):
        raise ZeroDivisionError
