"""Queues tell how long one waits in them. How turns are given is tested with placement."""

from __future__ import annotations

from antiphon.models.ask import Ask
from antiphon.models.waiting import RETRY_S, RETRY_S_MAX, Queue, Waiter
from tests.unit.models.offers import model, offer


async def test_the_wait_is_as_long_as_the_queue() -> None:
    """By how long its turns have taken lately, within what clients take."""
    queue = Queue(100.0)
    waiter = Waiter(Ask(model(offer("a")), "one", 1), frozenset(), queue=queue, served=False)
    assert (queue.wait_s, queue.empty_in_s) == (None, RETRY_S)
    queue.moved(103.5)
    assert (queue.wait_s, queue.empty_in_s) == (3.5, 4)
    for number in range(50):
        queue.moved(103.5 + number / 2)
    assert queue.empty_in_s == 1
    for _ in range(500):
        queue.put("one", 1, waiter)
    assert queue.empty_in_s == RETRY_S_MAX
