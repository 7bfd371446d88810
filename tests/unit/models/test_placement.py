"""Placement: the least work for its weight, and no more than an engine's slots and queue hold."""

from __future__ import annotations

import pytest

from antiphon.errors import Unavailable
from antiphon.models.placement import QUEUE_FULL_RETRY_S, Placement
from tests.unit.models.offers import model, offer


async def test_requests_are_spread_evenly() -> None:
    """Each goes to the engine with the least in flight, the first among equals."""
    placement, shared = Placement(queue_max=0), model(offer("a"), offer("b"), offer("c"))
    taken = [placement.take(shared)[0].engine.name for _ in range(7)]
    assert taken == ["a", "b", "c", "a", "b", "c", "a"]


async def test_weights_share_the_work() -> None:
    """An engine of weight 3 gets three times as many."""
    placement, shared = Placement(queue_max=0), model(offer("light"), offer("heavy", weight=3))
    taken = [placement.take(shared)[0].engine.name for _ in range(40)]
    assert (taken.count("light"), taken.count("heavy")) == (10, 30)


async def test_what_is_given_back_is_free_again() -> None:
    """The engine whose request is over is the next to get one."""
    placement, shared = Placement(queue_max=0), model(offer("a"), offer("b"))
    _, first = placement.take(shared)
    _, second = placement.take(shared)
    placement.give_back(second)
    assert (first.in_flight, second.in_flight) == (1, 0)
    assert placement.take(shared)[0].engine.name == "b"


async def test_engines_that_are_down_or_tried_get_nothing() -> None:
    """Only those remain that can answer and did not fail before."""
    placement = Placement(queue_max=0)
    shared = model(offer("down", down=True), offer("tried"), offer("left"))
    taken = {placement.take(shared, frozenset({"tried"}))[0].engine.name for _ in range(5)}
    assert taken == {"left"}


async def test_slots_and_queue_bound_what_is_in_flight() -> None:
    """Two slots and a queue of three hold five; the sixth is told to come again, until one is over."""
    placement, small = Placement(queue_max=3), model(offer("a", slots=2))
    loads = [placement.take(small)[1] for _ in range(5)]
    with pytest.raises(Unavailable, match="All nodes that serve the model 'model' are busy") as caught:
        placement.take(small)
    assert caught.value.retry_after_s == QUEUE_FULL_RETRY_S
    placement.give_back(loads[0])
    assert placement.take(small)[1].in_flight == 5


async def test_models_share_an_engines_load() -> None:
    """What one model keeps busy is busy for the other, too."""
    placement, here = Placement(queue_max=0), offer("a", slots=1)
    placement.take(model(here, name="one"))
    with pytest.raises(Unavailable, match="'two' are busy"):
        placement.take(model(here, name="two"))


async def test_no_engine_at_all_is_not_busy() -> None:
    """Where every engine is down, that is what the caller hears."""
    with pytest.raises(Unavailable, match="No node can serve"):
        Placement(queue_max=0).take(model(offer("a", down=True)))
