"""Placement: the least work for its weight, no more than an engine's slots, and turns for those that wait."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.engines.upstream import HttpEngine
from antiphon.errors import Unavailable
from antiphon.models.ask import Ask
from antiphon.models.catalogue import Model
from antiphon.models.load import Place
from antiphon.models.placement import Placement
from antiphon.models.waiting import RETRY_S, Waiter
from tests.unit.models.offers import model, offer

UNTRIED: frozenset[str] = frozenset()


def taken(placement: Placement, shared: Model, tried: frozenset[str] = UNTRIED, account: str = "") -> tuple[str, Place]:
    """The engine that is chosen at once, and the place there."""
    place = placement.take(Ask(shared, account), tried)
    assert place is not None
    return place.offer.engine.name, place


class Room:
    """One model on one engine, with requests that are named by account and number."""

    def __init__(self, *, slots: int = 1, queue_max: int = 500, names: tuple[str, ...] = ("engine",)) -> None:
        self.placement = Placement(queue_max=queue_max)
        self.model = model(*(offer(name, slots=slots) for name in names))
        self.served: list[str] = []  # in the order of their turns
        self.running: dict[str, Place] = {}
        self.waiting: dict[str, Waiter] = {}

    def ask(self, name: str, *, tokens: int = 10) -> None:
        """One request comes, and is served at once or lines up."""
        account = name.split(maxsplit=1)[0]
        ask = Ask(self.model, account, tokens)
        place = self.placement.take(ask)
        if place is not None:
            self.served.append(name)
            self.running[name] = place
        else:
            self.waiting[name] = self.placement.line_up(ask)

    def end(self, name: str) -> None:
        """A request that is being served is over."""
        self.placement.give_back(self.running.pop(name))
        self.settle()

    def cancel(self, name: str) -> None:
        """A request does not wait any more, or is broken off."""
        if name in self.running:
            self.end(name)
        else:
            self.placement.leave(self.waiting.pop(name))

    def settle(self) -> None:
        """See whose turn has come."""
        for name, waiter in list(self.waiting.items()):
            if waiter.future.done():
                del self.waiting[name]
                if waiter.future.exception() is None:
                    self.running[name] = waiter.future.result()
                    self.served.append(name)

    def work_off(self) -> list[str]:
        """Serve all that wait; the order in which they had their turns."""
        before = len(self.served)
        while self.running:
            self.end(next(iter(self.running)))
        assert not self.waiting
        return self.served[before:]


async def test_requests_are_spread_evenly() -> None:
    """Each goes to the engine with the least in flight, the first among equals."""
    placement, shared = Placement(queue_max=0), model(offer("a"), offer("b"), offer("c"))
    assert [taken(placement, shared)[0] for _ in range(7)] == ["a", "b", "c", "a", "b", "c", "a"]


async def test_weights_share_the_work() -> None:
    """An engine of weight 3 gets three times as many."""
    placement, shared = Placement(queue_max=0), model(offer("light"), offer("heavy", weight=3))
    chosen = [taken(placement, shared)[0] for _ in range(40)]
    assert (chosen.count("light"), chosen.count("heavy")) == (10, 30)


async def test_what_is_given_back_is_free_again() -> None:
    """The engine whose request is over is the next to get one; to say so twice does nothing."""
    placement, shared = Placement(queue_max=0), model(offer("a"), offer("b"))
    _, first = taken(placement, shared)
    _, second = taken(placement, shared)
    placement.give_back(second)
    placement.give_back(second)
    assert (first.load.in_flight, second.load.in_flight) == (1, 0)
    assert taken(placement, shared)[0] == "b"


async def test_engines_that_are_down_or_tried_get_nothing() -> None:
    """Only those remain that can answer and did not fail before."""
    placement = Placement(queue_max=9)
    shared = model(offer("down", down=True), offer("tried", slots=1), offer("left"))
    assert {taken(placement, shared, frozenset({"tried"}))[0] for _ in range(3)} == {"left"}
    with pytest.raises(Unavailable, match="No other node"):
        placement.take(Ask(shared), frozenset({"tried", "left"}))


async def test_slots_and_queue_bound_what_is_taken_on() -> None:
    """Two are served, three wait, and the sixth is told to come again, until one is over."""
    room = Room(slots=2, queue_max=3)
    for number in range(5):
        room.ask(f"one {number}")
    with pytest.raises(Unavailable, match="All nodes that serve the model 'model' are busy") as caught:
        room.ask("one 5")
    assert caught.value.retry_after_s == RETRY_S
    assert room.placement.waiting == 3
    room.end("one 0")
    room.ask("one 6")
    assert room.work_off() == ["one 3", "one 4", "one 6"]


async def test_nobody_waits_where_none_may() -> None:
    """Without a queue a request is served at once or refused; engines of unknown slots take all."""
    placement, small = Placement(queue_max=0), model(offer("a", slots=1))
    placement.take(Ask(small))
    with pytest.raises(Unavailable, match="'model' are busy"):
        placement.take(Ask(small))
    both = model(offer("a", slots=1), offer("unknown"))
    assert {taken(placement, both)[0] for _ in range(9)} == {"unknown"}


async def test_a_flood_does_not_delay_others() -> None:
    """A single request has the very next turn, whatever one account had lined up before; later ones take turns."""
    room = Room(slots=4)
    for number in range(204):
        room.ask(f"flood {number}")
    room.ask("one 0")
    room.ask("two 0")
    room.end("flood 0")
    room.end("flood 1")
    assert room.served[4:] == ["one 0", "two 0"]
    for number in range(1, 4):
        room.ask(f"one {number}")
    order = room.work_off()
    assert [name for name in order[:7] if name.startswith("one")] == ["one 1", "one 2", "one 3"]
    assert len(order) == 203


async def test_a_full_queue_refuses_the_flood() -> None:
    """The newest of whoever has most waiting makes room; the flood's own newcomers are refused."""
    room = Room(queue_max=5)
    for number in range(6):
        room.ask(f"flood {number}")
    room.ask("one 0")
    room.ask("one 1")
    gone = [room.waiting.pop(f"flood {number}") for number in (5, 4)]
    assert all("are busy" in str(waiter.future.exception()) for waiter in gone)
    for name in ("flood 9", "one 9"):
        with pytest.raises(Unavailable, match="are busy"):
            room.ask(name)
    assert room.work_off() == ["one 0", "flood 1", "one 1", "flood 2", "flood 3"]


async def test_models_share_an_engine_in_turns() -> None:
    """What one model keeps busy is busy for the other, too, and neither waits for all of the other's queue."""
    placement, here = Placement(queue_max=9), offer("a", slots=1)
    one, two = model(here, name="one"), model(here, name="two")
    _, place = taken(placement, one)
    waiters = [placement.line_up(Ask(one, "x", 1)) for _ in range(3)]
    waiters.append(placement.line_up(Ask(two, "y", 1)))
    order: list[int] = []
    for _ in range(4):
        placement.give_back(place)
        order += [number for number, waiter in enumerate(waiters) if waiter.future.done() and number not in order]
        place = waiters[order[-1]].future.result()
    assert order == [0, 3, 1, 2]


async def test_nobody_waits_for_engines_that_are_gone() -> None:
    """Whoever waits is told so when the last one goes down, and an engine that comes back is used at once."""
    room = Room()
    room.ask("one 0")
    room.ask("two 0")
    engine = room.model.offers[0].engine
    assert isinstance(engine, HttpEngine)
    engine.down = True
    waiting = room.waiting["two 0"]
    room.end("one 0")
    with pytest.raises(Unavailable, match="No node can serve"):
        await waiting.future
    with pytest.raises(Unavailable, match="No node can serve"):
        room.ask("two 1")
    engine.down = False
    room.ask("two 2")
    assert room.served == ["one 0", "two 2"]


async def test_an_engine_that_comes_back_serves_those_that_wait_first() -> None:
    """The first request that comes then does not overtake them."""
    room = Room(names=("a", "b"))
    engine = room.model.offers[1].engine
    assert isinstance(engine, HttpEngine)
    engine.down = True
    room.ask("one 0")
    room.ask("one 1")
    engine.down = False
    room.ask("two 0")
    room.settle()
    assert room.served == ["one 0", "one 1"]
    assert room.work_off() == ["two 0"]


async def test_a_second_attempt_waits_for_another_engine() -> None:
    """What is free where it failed is for others, though they stand behind it."""
    placement, shared = Placement(queue_max=9), model(offer("a", slots=1), offer("b", slots=1))
    (_, a), (_, b) = (taken(placement, shared) for _ in range(2))
    again = placement.line_up(Ask(shared, "one", 1), frozenset({"a"}))
    other = placement.line_up(Ask(shared, "two", 1))
    placement.give_back(a)
    assert (again.future.done(), other.future.done()) == (False, True)
    placement.give_back(b)
    assert again.future.result().offer.engine.name == "b"


async def test_a_task_that_is_cancelled_leaves_nothing_behind() -> None:
    """Whether it waits, has just been given a place, or was cancelled at the same moment."""
    room = Room()
    placement, shared = room.placement, room.model
    room.ask("one 0")
    tasks = [asyncio.create_task(placement.wait(Ask(shared, name, 1))) for name in ("a", "b", "c")]
    await asyncio.sleep(0)
    tasks[0].cancel()
    room.end("one 0")
    tasks[1].cancel()
    done = await asyncio.gather(*tasks, return_exceptions=True)
    assert [isinstance(each, asyncio.CancelledError) for each in done] == [True, True, False]
    place = done[2]
    assert isinstance(place, Place)
    assert (place.load.in_flight, place.load.by_account, placement.waiting) == (1, {"c": 1}, 0)
    placement.give_back(place)
    assert (place.load.in_flight, place.load.by_account) == (0, {})


@given(
    steps=st.lists(st.tuples(st.sampled_from("aaabcxxend"), st.integers(0, 99)), max_size=80), slots=st.integers(1, 3)
)
async def test_no_request_is_lost(steps: list[tuple[str, int]], slots: int) -> None:
    """Whatever comes, ends or is cancelled: no slot stays free while somebody waits, and none is used twice."""
    room = Room(slots=slots, queue_max=6)
    for number, (what, chance) in enumerate(steps):
        if what in "abc":
            try:
                room.ask(f"{what} {number}", tokens=chance)
            except Unavailable:
                assert len(room.waiting) == 6
        elif what == "x":
            names = [*room.running, *room.waiting]
            if names:
                room.cancel(names[chance % len(names)])
        elif room.running:
            room.end(list(room.running)[chance % len(room.running)])
        room.settle()
        load = room.placement._loads.of("engine")
        assert load.in_flight == len(room.running) <= slots
        assert sum(load.by_account.values()) == len(room.running)
        assert not room.waiting or len(room.running) == slots
    room.work_off()
    assert not room.placement._queues
    left = room.placement._loads.of("engine")
    assert (left.in_flight, left.by_account) == (0, {})
