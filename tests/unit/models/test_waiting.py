"""Queues tell how long one waits in them. How turns are given is tested with placement."""

from __future__ import annotations

import asyncio

import pytest

from antiphon.errors import EngineFailed, Saturated, Unavailable
from antiphon.models.ask import Ask
from antiphon.models.placement import Placement
from antiphon.models.waiting import RETRY_S, RETRY_S_MAX, Queue, Waiter
from tests.unit.models.offers import model, offer


async def test_the_wait_is_as_long_as_the_queue() -> None:
    """By how long its turns have taken lately, within what clients take."""
    queue = Queue(100.0)
    waiter = Waiter(Ask(model(offer("a")), "one", 1), frozenset(), queue=queue, served=False)
    assert (queue.wait_s("one"), queue.empty_in_s) == (None, RETRY_S)
    queue.moved(103.5)
    assert (queue.wait_s("one"), queue.empty_in_s) == (7.0, 4)
    for number in range(50):
        queue.moved(103.5 + number / 2)
    assert queue.empty_in_s == 1
    for _ in range(500):
        queue.put("one", 1, waiter)
    assert queue.empty_in_s == RETRY_S_MAX


async def test_a_place_is_kept_for_whoever_asks_one_thing_after_the_other() -> None:
    """From a flood, for a moment: if nobody is back by then, the flood has it."""
    placement, shared = Placement(queue_max=50), model(offer("a", slots=2))
    flood, quiet = Ask(shared, "flood"), Ask(shared, "quiet")
    first = placement.take(flood)
    mine = placement.take(quiet)
    assert first is not None
    assert mine is not None
    waiting = [placement.line_up(flood) for _ in range(3)]
    for _ in range(3):
        placement.succeeded(mine)
        placement.give_back(mine)
        assert not any(waiter.future.done() for waiter in waiting)
        assert placement.take(flood) is None  # nor does a request of the flood have it that has just come
        mine = placement.take(quiet)
        assert mine is not None
    placement.succeeded(mine)
    placement.give_back(mine)
    async with asyncio.timeout(10):
        await waiting[0].future
    assert not waiting[1].future.done()
    placement.give_back(first)
    assert waiting[1].future.done()  # nobody is expected any more


async def test_a_bound_is_held_against_ones_own_place_in_the_queue() -> None:
    """A flood's long queue keeps out the flood's own request, not another account's."""
    now = 100.0
    placement, shared = Placement(queue_max=50, now=lambda: now), model(offer("a", slots=1))
    place = placement.take(Ask(shared, "flood"))
    for _ in range(9):
        placement.line_up(Ask(shared, "flood"))
    assert place is not None
    now += 1.0
    placement.give_back(place)
    with pytest.raises(Unavailable, match="max_ttft_ms"):
        placement.line_up(Ask(shared, "flood", first_token_s=5.0))
    placement.line_up(Ask(shared, "quiet", first_token_s=5.0))


async def test_a_wait_ends_also_where_nobody_else_comes_or_goes() -> None:
    """One engine is ejected and the other says that it is full: once that is over, the request has its place."""
    placement, shared = Placement(queue_max=5), model(offer("full"), offer("ejected"))
    only = {name: Ask(shared, only=frozenset({name})) for name in ("full", "ejected")}
    for name, error, times in (("full", Saturated("full", retry_after_s=1), 1), ("ejected", EngineFailed("no"), 3)):
        for _ in range(times):
            place = placement.take(only[name])
            assert place is not None
            placement.failed(place, error)
            placement.give_back(place)
    assert placement.take(Ask(shared)) is None
    async with asyncio.timeout(10):
        place = await placement.wait(Ask(shared))
    assert place.offer.engine.name == "full"
