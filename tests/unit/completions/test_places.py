"""The places of one choice."""

from __future__ import annotations

import asyncio

import pytest

from antiphon.completions.asks import ask
from antiphon.completions.places import Places
from antiphon.errors import Unavailable
from antiphon.models.catalogue import Model, Offer
from antiphon.models.placement import Placement
from tests.unit.completions.scripted import ScriptedEngine, plan_of


def places_of(*engines: ScriptedEngine, placement: Placement | None = None) -> Places:
    """Places at engines that generate one answer at once."""
    model = Model("m", tuple(Offer(engine, "m", slots=1) for engine in engines))
    return Places(placement or Placement(queue_max=9), ask(plan_of(model)))


async def test_each_engine_is_taken_once() -> None:
    """Then there is none."""
    places = places_of(ScriptedEngine("node-1"), ScriptedEngine("node-2"))
    taken = []
    for _ in range(2):
        place = places.take()
        assert place is not None
        taken.append(places.node)
        places.give_back()
    assert (sorted(taken), places.node) == (["node-1", "node-2"], "")
    with pytest.raises(Unavailable):
        places.take()


async def test_barred_engines_are_never_taken() -> None:
    """Also when all may be tried again."""
    places = places_of(ScriptedEngine("node-1"), ScriptedEngine("node-2"))
    places.barred = frozenset({"node-1"})
    assert places.take() is not None
    assert places.node == "node-2"
    assert not places.free()


async def test_a_place_is_waited_for() -> None:
    """Until it is there, or the patience is over."""
    placement = Placement(queue_max=9)
    engine = ScriptedEngine()
    first, second = (places_of(engine, placement=placement) for _ in range(2))
    assert first.take() is not None
    assert second.take() is None
    assert second.waiting
    now = asyncio.get_running_loop().time()
    assert await second.wait(now) is None
    assert not second.free()
    first.release()
    assert await second.wait(now + 60) is not None
    assert (second.waiting, second.node) == (False, "node-1")


async def test_a_free_place_is_only_looked_at() -> None:
    """Nobody holds it afterwards."""
    placement = Placement(queue_max=9)
    places = places_of(ScriptedEngine(), placement=placement)
    assert places.free()
    assert places.free()


async def test_whoever_waits_no_longer_leaves_the_queue() -> None:
    """And says nothing of an engine that it has not got."""
    placement = Placement(queue_max=9)
    engine = ScriptedEngine()
    first, second = (places_of(engine, placement=placement) for _ in range(2))
    first.take()
    second.take()
    second.failed(Unavailable())
    second.began(0.0)
    second.succeeded(0)
    second.release()
    assert placement.waiting == 0
