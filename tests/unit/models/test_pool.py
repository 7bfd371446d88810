"""Pools: all of a few candidates are looked at, the next ones of many, and nothing usable is overlooked for long."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from antiphon.engines.upstream import HttpEngine
from antiphon.models.ask import Ask
from antiphon.models.catalogue import Model
from antiphon.models.load import NodeLoad, Place
from antiphon.models.loads import Loads
from antiphon.models.pool import LOOKED_AT, REVISITED, Pool, Use, late_s, predicted_s, use, weighed
from antiphon.models.prediction import Speed, own
from tests.unit.models.offers import model, offer

MANY = 3 * LOOKED_AT


def pool_of(shared: Model) -> Pool:
    """Its offers as candidates, with nothing known of them."""
    pool = Pool(shared.id)
    pool.renew(shared.offers, Loads())
    return pool


def names(pool: Pool, shared: Model, count: int, likely: tuple[str, ...] = ()) -> list[str]:
    """The first ones that a request would look at."""
    around = pool.around(Ask(shared), likely)
    return [candidate.offer.engine.name for candidate, _ in zip(around, range(count), strict=False)]


async def test_a_few_are_all_looked_at() -> None:
    """In the order of their offers, each time."""
    shared = model(*(offer(str(number)) for number in range(LOOKED_AT)))
    pool = pool_of(shared)
    for _ in range(2):
        assert names(pool, shared, 99, ("3",)) == [str(number) for number in range(LOOKED_AT)]


async def test_of_many_the_likely_ones_are_looked_at_and_then_the_next() -> None:
    """Each comes up as often as any other."""
    shared = model(*(offer(str(number)) for number in range(MANY)))
    pool = pool_of(shared)
    assert names(pool, shared, 3, ("30", "gone")) == ["30", "0", "1"]
    seen = [name for _ in range(MANY) for name in names(pool, shared, 4)]
    assert set(seen) == {str(number) for number in range(MANY)}


async def test_a_request_that_is_bound_to_nodes_looks_at_no_others() -> None:
    """However many there are."""
    shared = model(*(offer(str(number)) for number in range(MANY)))
    around = pool_of(shared).around(Ask(shared, only=frozenset({"5", "gone"})), ())
    assert [candidate.offer.engine.name for candidate in around] == ["5"]


async def test_what_is_kept_apart_is_looked_at_again() -> None:
    """A few at each look; it stays when it can be used."""
    shared = model(*(offer(str(number)) for number in range(MANY)))
    pool = pool_of(shared)
    for candidate in list(pool.by_name.values()):
        pool.put_apart(candidate)
    assert len(list(pool.apart())) == MANY
    looks = 0
    while list(pool.apart()):
        names(pool, shared, 1)
        looks += 1
    assert looks == MANY // REVISITED


@settings(max_examples=30)
@given(steps=st.lists(st.tuples(st.booleans(), st.integers(0, MANY - 1)), max_size=120))
async def test_every_candidate_stands_in_one_place(steps: list[tuple[bool, int]]) -> None:
    """Whatever is put apart and back, each is there once and knows where."""
    shared = model(*(offer(str(number)) for number in range(MANY)))
    pool = pool_of(shared)
    apart: set[str] = set()
    for away, number in steps:
        candidate = pool.by_name[str(number)]
        if away:
            pool.put_apart(candidate)
            apart.add(str(number))
        else:
            pool.put_back(candidate)
            apart.discard(str(number))
        assert {each.offer.engine.name for each in pool.apart()} == apart
        assert [each.at for each in pool._ring] == list(range(MANY))


async def test_what_is_known_outlives_a_new_list() -> None:
    """Of engines that stay; those that are gone leave nothing behind."""
    shared = model(offer("a"), offer("b"))
    loads = Loads()
    pool = Pool(shared.id)
    pool.renew(shared.offers, loads)
    learned = pool.by_name["a"].speed = own(pool.peers)
    kept = pool.by_name["a"]
    pool.renew((shared.offers[0], offer("c")), loads)
    assert pool.by_name["a"].speed is learned
    assert pool.by_name["c"].speed is pool.peers
    assert pool.by_name["a"] is kept
    assert [len(loads.of(name).candidates) for name in "abc"] == [1, 0, 1]


async def test_what_can_be_used() -> None:
    """Not what is down, distrusted, ejected, full by its word, or has all its slots taken by whomever."""
    pool = pool_of(model(offer("a", slots=2)))
    candidate = pool.by_name["a"]
    load, engine = candidate.load, candidate.offer.engine
    assert isinstance(engine, HttpEngine)
    assert use(candidate, 0.0) is Use.FREE
    load.in_flight = load.others = 1
    assert use(candidate, 0.0) is Use.FULL
    load.health.saturated(0.0, 5)
    assert use(candidate, 1.0) is Use.BUSY
    load.health.ejected_until = 9.0
    assert use(candidate, 1.0) is Use.EJECTED
    load.standing = 0.0
    assert use(candidate, 1.0) is Use.DOWN
    load.standing, engine.down = 1.0, True
    assert use(candidate, 1.0) is Use.DOWN
    assert load.health.down
    engine.down = False
    use(candidate, 2.0)
    assert load.health.returns == 1


async def test_what_a_node_says_of_its_slots_counts_where_no_setting_does() -> None:
    """And its measured speed, where none was learned."""
    pool = pool_of(model(offer("a")))
    candidate = pool.by_name["a"]
    candidate.load.told = NodeLoad(slots=1, prefill_tokens_per_s=50)
    candidate.load.in_flight = 1
    assert use(candidate, 0.0) is Use.FULL
    assert pool.fresh(candidate.load).token_s == 0.02
    candidate.load.told = NodeLoad(rtt_s=0.3)
    assert pool.fresh(candidate.load).base_s == pytest.approx(pool.peers.base_s + 0.3)


async def test_a_prediction_counts_what_is_ahead() -> None:
    """Requests that are served, prompts that are not read yet, and silence that is too long."""
    shared = model(offer("a"))
    candidate = pool_of(shared).by_name["a"]
    candidate.speed = Speed(base_s=0.5, token_s=0.01)
    load = candidate.load
    assert predicted_s(candidate, 100) == weighed(candidate, 1.5, 0.0) == 1.5
    load.in_flight, load.unread = 1, 50
    assert predicted_s(candidate, 100) == 2.5
    load.silent[1] = Place(candidate.offer, load, Ask(shared), 0.0, predicted_s=2.0)
    assert (late_s(load, 6.0), late_s(load, 7.0)) == (0.0, 7.0)
    assert weighed(candidate, 2.5, 7.0) == 9.5
