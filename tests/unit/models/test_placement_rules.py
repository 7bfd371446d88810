"""Placement: retries within their budget, bounds that cannot be kept, trust, what nodes tell, and never nobody."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.engines.upstream import HttpEngine
from antiphon.errors import EngineFailed, FirstTokenTimeout, Unavailable
from antiphon.models.ask import NOWHERE, Ask
from antiphon.models.health import FAILURES_MAX
from antiphon.models.load import NodeLoad, Place
from antiphon.models.placement import Placement
from antiphon.models.retry_budget import GAMBLES_MAX
from tests.unit.models.offers import model, offer
from tests.unit.models.test_placement import taken


class Now:
    """A clock that a test turns."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        """The time."""
        return self.now


async def test_only_so_many_are_retried_at_once() -> None:
    """A fifth of what is in flight, and three; the next one waits until a retry has its first token."""
    placement, shared = Placement(queue_max=9), model(offer("a"), offer("b"))
    failed = frozenset({"a"})
    retries = [placement.take(Ask(shared), failed) for _ in range(3)]
    assert placement.take(Ask(shared), failed) is None
    waiting = placement.line_up(Ask(shared), failed)
    assert taken(placement, shared)[0] == "a"
    assert not waiting.future.done()
    assert retries[0] is not None
    placement.first_token(retries[0], 0.1)
    assert waiting.future.result().offer.engine.name == "b"
    assert placement.tally.retries == 4


async def test_a_bound_that_cannot_be_kept_is_refused_early() -> None:
    """With the reason, and the time after which it may be kept; a request without a bound is served."""
    now = Now()
    placement, slow = Placement(queue_max=9, now=now), model(offer("a"))
    for _ in range(20):
        place = placement.take(Ask(slow, first_token_s=60.0))
        assert place is not None
        placement.first_token(place, 4.0)
        placement.give_back(place)
    with pytest.raises(
        Unavailable, match=r"max_ttft_ms: .* would take about [34]\.\d s now, and 0\.5 s are given"
    ) as told:
        placement.take(Ask(slow, first_token_s=0.5))
    assert told.value.retry_after_s == 4
    assert placement.take(Ask(slow)) is not None
    assert placement.take(Ask(slow, first_token_s=60.0)) is not None
    assert placement.tally.refusals == 1
    now.now += 11
    assert placement.take(Ask(slow, first_token_s=0.5)) is not None


async def test_nobody_lines_up_for_longer_than_the_first_token_may_take() -> None:
    """Where the queue has told how fast it moves."""
    now = Now()
    placement, shared = Placement(queue_max=9, now=now), model(offer("a", slots=1), offer("b", slots=1, down=True))
    _, place = taken(placement, shared)
    waiters = [placement.line_up(Ask(shared)) for _ in range(3)]
    now.now += 6
    placement.give_back(place)
    assert waiters[0].future.done()
    with pytest.raises(Unavailable, match="max_ttft_ms"):
        placement.line_up(Ask(shared, first_token_s=5.0))
    placement.line_up(Ask(shared, first_token_s=50.0))


async def test_distrusted_engines_get_nothing() -> None:
    """Not even where there is no other, nor when they come back; until they are trusted again."""
    placement, shared, single = Placement(queue_max=9), model(offer("a"), offer("b")), model(offer("b"), name="single")
    placement.standing("b", 0.0)
    assert {taken(placement, shared)[0] for _ in range(3)} == {"a"}
    for ask, tried in ((Ask(single), NOWHERE), (Ask(shared), frozenset({"a"}))):
        with pytest.raises(Unavailable):
            placement.take(ask, tried)
    placement.standing("b", 1.0)
    assert taken(placement, single)[0] == "b"


async def test_what_nodes_tell_is_counted() -> None:
    """Requests of other gateways fill slots too; when there are fewer, those that wait are served."""
    placement, shared = Placement(queue_max=9), model(offer("a"), offer("b"))
    for _ in range(2):
        placement.observe("a", NodeLoad(slots=4, busy=3, queued=0))
        placement.observe("b", NodeLoad(slots=4, busy=4, queued=2))
    assert taken(placement, shared)[0] == "a"
    assert placement.take(Ask(shared)) is None
    waiting = placement.line_up(Ask(shared))
    placement.observe("b", NodeLoad(slots=4, busy=3))
    assert waiting.future.result().offer.engine.name == "b"
    alone = model(offer("c"), name="single")
    placement.observe("c", NodeLoad(slots=1, busy=1))
    placement.observe("c", NodeLoad(slots=1, busy=1))
    assert placement.take(Ask(alone)) is None


async def test_what_was_ours_a_moment_ago_is_nobody_elses() -> None:
    """A heartbeat is older than what this gateway knows: only what two of them say is believed."""
    placement, shared = Placement(queue_max=9), model(offer("a"), offer("b"))
    for busy, others in ((2, 0), (3, 2), (0, 0), (3, 0)):
        placement.observe("a", NodeLoad(slots=4, busy=busy))
        assert placement._loads.of("a").others == others
    assert taken(placement, shared)[0] == "a"


async def test_what_nodes_have_in_their_caches_is_known_from_them() -> None:
    """Also when another gateway sent it there; and a node that says how fast it reads is believed at first."""
    placement, shared = Placement(queue_max=9), model(offer("a"), offer("b"), offer("c"))
    placement.observe("b", NodeLoad(prefixes=(1, 2, 3)))
    place = placement.take(Ask(shared, prompt_tokens=900, prefix=(1, 2, 3, 4)))
    assert place is not None
    assert place.offer.engine.name == "b"
    placement.observe("c", NodeLoad(prefill_tokens_per_s=50_000))
    assert placement.take(Ask(shared, prompt_tokens=4000)).offer.engine.name == "c"  # type: ignore[union-attr]


async def test_a_look_counts_nothing() -> None:
    """Whether an engine is free can be asked without taking it."""
    placement, shared = Placement(queue_max=9), model(offer("a", slots=1), offer("b", slots=1))
    assert placement.has_room(Ask(shared))
    taken(placement, shared)
    assert not placement.has_room(Ask(shared), frozenset({"b"}))
    assert placement.has_room(Ask(shared))
    assert placement.tally.prompt_tokens == 0
    single = model(offer("a", slots=1), name="single")
    assert not placement.has_room(Ask(single))


ERRORS = (EngineFailed(), Unavailable(), FirstTokenTimeout())


@given(
    steps=st.lists(st.tuples(st.sampled_from("tttfffghdu"), st.integers(0, 99)), max_size=120),
    count=st.integers(2, 4),
)
async def test_the_last_engine_is_never_ejected(steps: list[tuple[str, int]], count: int) -> None:
    """Whatever fails and however slow it gets: while an engine is up, a request gets a place."""
    now = Now()
    placement, shared = Placement(queue_max=0, now=now), model(*(offer(str(number)) for number in range(count)))
    engines = [each.engine for each in shared.offers]
    running: list[Place] = []
    for what, chance in steps:
        now.now += chance / 10
        engine = engines[chance % count]
        assert isinstance(engine, HttpEngine)
        if what in "du":
            engine.down = what == "d"
        elif what == "t":
            up = any(each.unavailable() is None for each in engines)
            try:
                place = placement.take(Ask(shared, prompt_tokens=chance))
            except Unavailable:
                assert not up
            else:
                assert up
                assert place is not None
                running.append(place)
        elif running:
            place = running.pop(chance % len(running))
            if what == "f":
                placement.failed(place, ERRORS[chance % 3])
            elif what == "g":
                placement.first_token(place, float(chance))
                placement.succeeded(place)
            placement.give_back(place)
    for place in running:
        placement.give_back(place)
    assert all(not load.in_flight and not load.unread and not load.silent for load in placement._loads)
    assert (placement._budget.in_flight, placement._budget.retries) == (0, 0)


async def test_a_request_that_is_bound_goes_nowhere_else() -> None:
    """Whether there are others or not."""
    placement, shared, single = Placement(queue_max=9), model(offer("a"), offer("b")), model(offer("c"), name="single")
    bound = [placement.take(Ask(shared, only=frozenset({"b"}))) for _ in range(3)]
    assert [place and place.offer.engine.name for place in bound] == ["b"] * 3
    with pytest.raises(Unavailable, match="is bound to"):
        placement.take(Ask(single, only=frozenset({"b"})))
    assert placement.take(Ask(single, only=frozenset({"b", "c"}))) is not None


async def test_where_all_engines_fail_attempts_do_not_multiply() -> None:
    """A storm of failures is met with one attempt in sixteen more than there are requests at most, and a few."""
    now = Now()
    placement, shared = Placement(queue_max=9, now=now), model(*(offer(str(number)) for number in range(6)))
    attempts = 0
    for _ in range(1000):
        now.now += 0.01
        tried = NOWHERE
        while True:
            try:
                place = placement.take(Ask(shared), tried)
            except Unavailable:
                break
            assert place is not None
            attempts += 1
            placement.failed(place, EngineFailed())
            placement.give_back(place)
            tried |= {place.offer.engine.name}
    assert 1000 <= attempts <= 1.0625 * 1000 + 100


async def test_what_clients_send_again_buys_no_second_attempt() -> None:
    """While all engines fail: it is tried, once."""
    placement, shared = Placement(queue_max=9, now=Now()), model(*(offer(str(number)) for number in range(6)))
    attempts = 0
    for _ in range(200):
        tried = NOWHERE
        while True:
            try:
                place = placement.take(Ask(shared, again=True), tried)
            except Unavailable:
                break
            assert place is not None
            attempts += 1
            placement.failed(place, EngineFailed())
            placement.give_back(place)
            tried |= {place.offer.engine.name}
    assert attempts <= 200 + GAMBLES_MAX + 6 * FAILURES_MAX
