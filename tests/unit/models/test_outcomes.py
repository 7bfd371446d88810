"""Outcomes: what attempts teach of an engine's speed and health, and when a first token is given up."""

from __future__ import annotations

import math

import pytest

from antiphon.errors import BadRequest, EngineFailed, FirstTokenTimeout, Saturated, Unavailable
from antiphon.models.ask import NOWHERE, Ask
from antiphon.models.health import FAILURES_MAX
from antiphon.models.load import Load, Place
from antiphon.models.outcomes import FIRST_TOKEN_S_MAX, FIRST_TOKEN_S_MIN, SURE_OF_PAST, WAITS_MIN
from antiphon.models.placement import Placement
from tests.unit.models.offers import model, offer

EDGE = 12.0  # seconds between two requests that know nothing of each other


class Served:
    """Two equal engines, of which one is looked at: requests go there unless it is out of the question."""

    def __init__(self) -> None:
        self.now = 100.0
        self.placement = Placement(queue_max=9, now=lambda: self.now)
        self.model = model(offer("seen", weight=1000), offer("other"))

    def take(self, *, tokens: int = 1000, streams: bool = True) -> Place:
        """A place for a request."""
        place = self.placement.take(Ask(self.model, prompt_tokens=tokens, streams=streams))
        assert place is not None
        return place

    def answer(self, ttft_s: float = 0.5, *, times: int = 1) -> str:
        """Requests that are answered after so long, one after the other; where the last one went."""
        node = ""
        for _ in range(times):
            place = self.take()
            self.now += ttft_s
            self.placement.first_token(place, ttft_s)
            self.placement.succeeded(place)
            self.placement.give_back(place)
            node = place.offer.engine.name
        return node

    def fail(self, error: Exception, *, after_s: float = 0.0) -> str:
        """A request that fails, and where."""
        place = self.take()
        self.now += after_s
        assert isinstance(error, EngineFailed | Unavailable | FirstTokenTimeout | BadRequest)
        self.placement.failed(place, error)
        self.placement.give_back(place)
        return place.offer.engine.name

    @property
    def seen(self) -> Load:
        """What is known of the engine that is looked at."""
        return self.placement._loads.of("seen")


async def test_failures_eject_and_a_probe_brings_back() -> None:
    """Requests go elsewhere meanwhile; then one goes there, and when it is answered all do."""
    served = Served()
    assert {served.fail(EngineFailed()) for _ in range(FAILURES_MAX)} == {"seen"}
    assert served.answer() == "other"
    served.now += 5
    probe = served.take()
    assert (probe.offer.engine.name, probe.probe, served.take().offer.engine.name) == ("seen", True, "other")
    served.placement.first_token(probe, 0.1)
    assert served.take().offer.engine.name == "seen"
    assert served.placement.tally.ejections == {"failed": 1}


async def test_a_probe_that_nobody_waits_for_any_more_lets_the_next_one_in() -> None:
    """A client that leaves says nothing of the engine."""
    served = Served()
    for _ in range(FAILURES_MAX):
        served.fail(Unavailable("It cannot be reached."))
    served.now += 5
    served.placement.give_back(served.take())
    assert served.take().probe


async def test_what_is_the_callers_fault_says_nothing() -> None:
    """Nor does a bound that the caller set too low."""
    served = Served()
    served.answer(times=WAITS_MIN)
    for _ in range(9):
        served.fail(BadRequest("It is too long."))
        served.fail(FirstTokenTimeout(), after_s=0.05)
    assert served.answer() == "seen"


async def test_silence_counts_double() -> None:
    """Two first tokens that do not come within their limit are enough."""
    served = Served()
    served.answer(times=WAITS_MIN)
    for _ in range(2):
        assert served.fail(FirstTokenTimeout(), after_s=FIRST_TOKEN_S_MAX) == "seen"
    assert served.answer() == "other"
    assert served.placement.tally.ejections == {"silent": 1}


async def test_a_full_engine_is_left_alone_for_as_long_as_it_says() -> None:
    """And is not taken for broken, however often it says so."""
    served = Served()
    for _ in range(5):
        assert served.fail(Saturated(retry_after_s=7)) == "seen"
        assert served.answer() == "other"
        served.now += 7
    assert served.placement.tally.ejections == {}
    assert served.placement.tally.saturations == 5


async def test_when_all_are_full_the_shortest_wait_is_told() -> None:
    """No request is kept that nobody can take."""
    served = Served()
    served.fail(Saturated(retry_after_s=7))
    served.fail(Saturated(retry_after_s=3))
    with pytest.raises(Saturated, match="are busy") as caught:
        served.take()
    assert caught.value.retry_after_s == 3


async def test_an_engine_that_becomes_slow_is_ejected() -> None:
    """After two first tokens that came much later than its own past and its peers say; a probe judges by the peers."""
    served = Served()
    served.answer(times=2 * SURE_OF_PAST)
    assert [served.answer(9.0) for _ in range(2)] == ["seen", "seen"]
    assert served.answer() == "other"
    assert served.placement.tally.ejections == {"slow": 1}
    served.now += EDGE
    assert served.answer(9.0) == "seen"
    assert served.answer() == "other"
    served.now += EDGE
    assert served.answer(0.5, times=2) == "seen"


async def test_when_all_become_slow_none_is_ejected() -> None:
    """Long queues everywhere are nobody's fault."""
    served = Served()
    served.answer(times=2 * SURE_OF_PAST)
    for step in range(40):
        served.answer(0.5 * 1.2**step if step < 15 else 7.0)
    assert served.placement.tally.ejections == {}


async def test_what_is_silent_now_is_not_sent_more() -> None:
    """A frozen engine shows by its oldest request, long before anybody gives that up."""
    served = Served()
    served.answer(times=SURE_OF_PAST)
    frozen = served.take()
    served.now += 2.0
    other = served.take()
    assert (frozen.offer.engine.name, served.seen.in_flight) == ("seen", 1 + (other.offer.engine.name == "seen"))
    served.now += 600.0
    assert served.take().offer.engine.name == "other"
    assert served.seen.unread >= 1000
    served.placement.give_back(frozen)
    assert frozen.own_unread == 1000


async def test_first_tokens_are_given_up_by_what_is_usual() -> None:
    """After ten seconds at most, but for long prompts; never where no other engine is."""
    served = Served()
    assert served.placement.first_token_limit_s(served.take()) == FIRST_TOKEN_S_MAX
    served.answer(0.01, times=WAITS_MIN)
    assert served.placement.first_token_limit_s(served.take()) == FIRST_TOKEN_S_MIN
    served.answer(3.0, times=2 * WAITS_MIN)
    assert served.placement.first_token_limit_s(served.take(tokens=500)) == pytest.approx(FIRST_TOKEN_S_MAX, rel=0.4)
    assert served.placement.first_token_limit_s(served.take(tokens=50_000)) > 5 * FIRST_TOKEN_S_MAX
    alone = served.placement.take(Ask(model(offer("alone"), name="single")))
    assert alone is not None
    assert served.placement.first_token_limit_s(alone) == math.inf


async def test_answers_in_one_piece_are_not_late() -> None:
    """Nobody knows when they began."""
    served = Served()
    whole = served.take(streams=False)
    assert (served.seen.silent, served.seen.unread) == ({}, 0)
    served.placement.first_token(whole, 500.0)
    assert served.placement._pools["model"].waits.count == 0


async def test_what_engines_tell_of_their_caches_is_learned() -> None:
    """One that never had what it was thought to have loses its advantage; one that never tells is believed."""
    served = Served()
    numbers = tuple(range(4))
    for cached in (0, 0, 512, *[0] * 30):
        place = served.placement.take(Ask(served.model, prompt_tokens=600, prefix=numbers))
        assert place is not None
        served.placement.succeeded(place, cached)
        served.placement.give_back(place)
    assert served.placement._pools["model"].by_name["seen"].keeps < 0.1


async def test_predictions_are_compared_with_what_came() -> None:
    """For metrics."""
    served = Served()
    served.answer(0.5, times=30)
    tally = served.placement.tally
    assert tally.predictions == 30
    assert tally.waited_s == pytest.approx(15.0)
    assert tally.predicted_s == pytest.approx(15.0, rel=0.2)
    assert tally.missed_s < 2.0


async def test_engines_that_are_gone_are_forgotten() -> None:
    """A network where nodes come and go does not fill the memory."""
    served = Served()
    for number in range(2000):
        served.model = model(offer(f"{number}"), offer(f"{number}b"))
        served.answer()
    assert len(served.placement._loads) < 600
    assert served.placement.take(Ask(served.model), NOWHERE) is not None
