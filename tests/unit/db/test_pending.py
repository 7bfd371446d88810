"""The queue between event loops and threads."""

from __future__ import annotations

import asyncio
import threading

import pytest

from antiphon.db.pending import Pending, WorkQueue, deliver
from antiphon.errors import Unavailable

SOON_S = 0.01


def pending() -> Pending:
    """A work that nobody runs, and a caller in this loop."""
    return Pending(lambda _connection: None, asyncio.get_running_loop().create_future())


async def test_works_are_taken_in_order() -> None:
    """As many as wait, up to the most that are wanted."""
    queue = WorkQueue(10)
    works = [pending() for _ in range(5)]
    for work in works:
        queue.put(work)
    assert queue.take(3, idle_s=SOON_S) == works[:3]
    assert queue.take(3, idle_s=SOON_S) == works[3:]


async def test_nobody_works_for_who_has_left() -> None:
    """A work whose caller was cancelled is left out."""
    queue = WorkQueue(10)
    works = [pending() for _ in range(3)]
    for work in works:
        queue.put(work)
    works[1]._future.cancel()
    assert queue.take(3, idle_s=SOON_S) == [works[0], works[2]]


async def test_a_full_queue_refuses() -> None:
    """With a time to come back."""
    queue = WorkQueue(1)
    queue.put(pending())
    with pytest.raises(Unavailable, match="too many") as caught:
        queue.put(pending())
    assert caught.value.retry_after_s == 2


async def test_while_it_refuses_everybody_is_told() -> None:
    """Those that wait, and those that come; it says once that this is new, and wakes threads to look after it."""
    queue = WorkQueue(10)
    waiting = pending()
    queue.put(waiting)
    assert queue.refuse("Not now.") is True
    assert queue.refuse("Not now.") is False
    with pytest.raises(Unavailable, match="Not now"):
        await waiting._future
    with pytest.raises(Unavailable, match="Not now"):
        queue.put(pending())
    assert queue.take(1, idle_s=SOON_S) == []
    assert not queue.accepting
    assert queue.accept() is True
    assert queue.accept() is False
    assert queue.accepting
    queue.put(pending())


async def test_a_closed_queue_is_emptied() -> None:
    """What waits is still taken, then there is nothing more, and threads that wait for works are let go."""
    queue = WorkQueue(10)
    work = pending()
    queue.put(work)
    queue.close()
    with pytest.raises(Unavailable, match="closed"):
        queue.put(pending())
    assert not queue.finished
    assert queue.take(1, idle_s=SOON_S) == [work]
    assert queue.finished
    assert queue.take(1, idle_s=SOON_S) == []


async def test_a_thread_that_waits_is_woken() -> None:
    """By a work, and by the end."""
    queue = WorkQueue(10)
    taken: list[list[Pending]] = []

    def take_twice() -> None:
        taken.extend(queue.take(1, idle_s=SOON_S) for _ in range(2))

    thread = threading.Thread(target=take_twice)
    thread.start()
    work = pending()
    queue.put(work)
    queue.close()
    await asyncio.to_thread(thread.join)
    assert taken == [[work], []]


async def test_outcomes_reach_every_loop() -> None:
    """Callers in two loops are each told in their own, and one whose loop has ended disturbs nobody."""
    other = asyncio.new_event_loop()
    ended = asyncio.new_event_loop()
    works = [pending(), *(Pending(lambda _connection: None, loop.create_future()) for loop in (other, ended))]
    for work in works:
        work.fail(Unavailable("As asked."))
    ended.close()
    deliver(works)
    for outcome in (works[0]._future, asyncio.to_thread(other.run_until_complete, works[1]._future)):
        with pytest.raises(Unavailable, match="As asked"):
            await outcome
    other.close()
