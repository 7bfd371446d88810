"""The places of one choice."""

from __future__ import annotations

import asyncio

import msgspec
import pytest

from antiphon.completions.asks import ask
from antiphon.completions.places import Places
from antiphon.completions.poison import Poison
from antiphon.completions.suspicion import Suspicion
from antiphon.errors import EngineLost, Unavailable
from antiphon.models.catalogue import Model, Offer
from antiphon.models.placement import Placement
from tests.unit.completions.scripted import ScriptedEngine, plan_of


def places_of(*engines: ScriptedEngine, placement: Placement | None = None, poison: Poison | None = None) -> Places:
    """Places at engines that generate one answer at once."""
    plan = plan_of(Model("m", tuple(Offer(engine, "m", slots=1) for engine in engines)))
    suspicion = Suspicion(poison or Poison(asyncio.get_running_loop().time), plan)
    return Places(placement or Placement(queue_max=9), ask(plan), suspicion)


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


async def test_who_is_under_suspicion_waits_for_an_engine_without_another_such() -> None:
    """While there is one; also where it had lined up for the place; and goes elsewhere where it can."""
    loop = asyncio.get_running_loop()
    poison = Poison(loop.time)
    engine = ScriptedEngine("node-1")
    places = places_of(engine, poison=poison)
    await Suspicion(poison, plan_of(Model("m", ()))).lost(ScriptedEngine("dead", wait_s=1), soon=True)
    poison.begin(b"another", "node-1")
    assert places.take() is None
    assert places.waiting
    assert await places.wait(loop.time() + 0.01) is None
    assert places.waiting
    elsewhere = places_of(engine, ScriptedEngine("node-2"), poison=poison)
    assert elsewhere.take() is not None
    assert elsewhere.node == "node-2"
    poison.left(b"another", "node-1", lost=False)
    assert await places.wait(loop.time() + 60) is not None
    places.release()
    assert not places.waiting


async def test_a_place_that_was_waited_for_is_not_taken_beside_another_under_suspicion() -> None:
    """Who went there meanwhile has it for itself."""
    loop = asyncio.get_running_loop()
    poison, placement = Poison(loop.time), Placement(queue_max=9)
    first, second = (places_of(ScriptedEngine(), placement=placement, poison=poison) for _ in range(2))
    assert first.take() is not None
    assert second.take() is None
    await Suspicion(poison, plan_of(Model("m", ()))).lost(ScriptedEngine("dead", wait_s=1), soon=True)
    poison.begin(b"another", "node-1")
    first.release()
    assert await second.wait(loop.time() + 60) is None
    assert second.waiting
    poison.left(b"another", "node-1", lost=False)
    assert await second.wait(loop.time() + 60) is not None


async def test_the_death_of_the_one_that_lost_a_race_is_remembered() -> None:
    """It counts once the other one dies too."""
    poison = Poison(asyncio.get_running_loop().time)
    places = places_of(ScriptedEngine("node-1"), ScriptedEngine("node-2"), poison=poison)
    assert places.take() is not None
    assert places.take_rival() is not None
    places.settle(rival=True, error=EngineLost())
    assert places.node == "node-2"
    assert poison.idle


async def test_who_waits_for_an_engine_that_goes_takes_one_that_came() -> None:
    """Nobody is refused for what was so when it asked."""
    placement = Placement(queue_max=9)
    down: list[int] = []

    class Going(ScriptedEngine):
        def unavailable(self) -> int | None:
            """Once the test says so."""
            return 1 if down else None

    model = Model("m", (Offer(Going("node-1"), "m", slots=1),))
    more = Model("m", (*model.offers, Offer(ScriptedEngine("node-2"), "m", slots=1)))
    plan = plan_of(model)
    free = Suspicion(Poison(asyncio.get_running_loop().time), plan)
    first = Places(placement, ask(plan), free)
    second = Places(placement, ask(plan), free, lambda _: more)
    assert first.take() is not None
    assert second.take() is None
    down.append(1)
    first.release()
    assert await second.wait(asyncio.get_running_loop().time() + 60) is not None
    assert second.node == "node-2"


async def test_who_is_bound_to_nodes_looks_for_no_others() -> None:
    """Where those are down there is nothing to be hoped for, and where they were tried there is nobody left."""
    engines = [ScriptedEngine("node-1"), ScriptedEngine("node-2", wait_s=1)]
    plan = plan_of(Model("m", tuple(Offer(engine, "m") for engine in engines)))
    suspicion = Suspicion(Poison(asyncio.get_running_loop().time), plan)
    asked = msgspec.structs.replace(ask(plan), only=frozenset({"node-2"}))
    bound, free = (Places(Placement(queue_max=9), one, suspicion) for one in (asked, ask(plan)))
    assert (bound.hopeful, free.hopeful) == (False, True)
    bound.tried = free.tried = frozenset({"node-2"})
    assert (bound.may_try(3), free.may_try(3)) == (False, True)
