"""The choice: the least predicted wait for the weight, what is cached counted, and an ejected engine before none."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import pytest

from antiphon.models.ask import Ask
from antiphon.models.catalogue import Model, Offer
from antiphon.models.choice import EVIDENCE_MIN, EVIDENCE_S, Chosen, choose, too_late
from antiphon.models.load import Candidate, Load
from antiphon.models.loads import Loads
from antiphon.models.pool import LOOKED_AT, STALE_S, Pool
from antiphon.models.prediction import Speed
from tests.unit.models.offers import model, offer

UNTRIED: frozenset[str] = frozenset()


class Chance:
    """A pool and what is asked of it."""

    def __init__(self, *offers: Offer, tokens: int = 1000) -> None:
        self.model: Model = model(*offers)
        self.pool = Pool(self.model.id)
        self.pool.renew(self.model.offers, Loads())
        self.ask = Ask(self.model, prompt_tokens=tokens)

    def load(self, name: str) -> Load:
        """What is known of an engine."""
        return self.pool.by_name[name].load

    def chosen(
        self, tried: frozenset[str] = UNTRIED, cached: dict[str, int] | None = None, now: float = 0.0
    ) -> Chosen | None:
        """The choice in full."""
        return choose(self.pool, self.ask, tried, cached or {}, now)

    def name(self, **given: object) -> str | None:
        """Who is chosen."""
        chosen = self.chosen(**given)  # type: ignore[arg-type]
        return None if chosen is None else chosen.candidate.offer.engine.name


async def test_affinity_yields_to_load() -> None:
    """Who has the prompt in its cache gets it until the wait there is longer than the reading elsewhere."""
    chance = Chance(offer("idle"), offer("holder"))
    for name in ("idle", "holder"):
        chance.pool.by_name[name].speed = Speed(base_s=0.1, token_s=0.001)
    found = {"holder": 800}
    assert chance.name(cached=found) == "holder"
    chance.load("holder").in_flight = 7
    assert chance.name(cached=found) == "holder"
    chance.load("holder").in_flight = 9
    assert chance.name(cached=found) == "idle"
    chance.load("holder").in_flight = 0
    chance.load("holder").unread = 900
    assert chance.name(cached=found) == "idle"


async def test_a_cache_counts_as_far_as_its_engine_keeps_it() -> None:
    """One that forgets at once is no better than any other, and no more is cached than is asked."""
    chance = Chance(offer("idle"), offer("holder"), tokens=500)
    full = chance.chosen(cached={"holder": 800})
    assert full is not None
    assert full.cached == 500
    chance.pool.by_name["holder"].keeps = 0.0
    assert chance.name(cached={"holder": 800}) == "idle"


async def test_trust_weighs() -> None:
    """An engine of half the standing is chosen when another has more than twice its work, one of none never."""
    chance = Chance(offer("doubted"), offer("trusted"), tokens=0)
    chance.load("doubted").standing = 0.5
    for in_flight, expected in ((0, "trusted"), (2, "doubted")):
        chance.load("trusted").in_flight = in_flight
        assert chance.name() == expected
    chance.load("doubted").standing = 0.0
    assert chance.name() == "trusted"
    assert chance.name(tried=frozenset({"trusted"})) is None


async def test_an_ejected_engine_is_better_than_none() -> None:
    """The one that is ejected for the shortest time, but not while a healthy one can be waited for."""
    chance = Chance(offer("a"), offer("b"), offer("full", slots=1))
    chance.load("a").health.ejected_until, chance.load("b").health.ejected_until = 9.0, 5.0
    assert chance.name() == "full"
    chance.load("full").in_flight = 1
    assert chance.name() is None
    spare = chance.chosen(frozenset({"full"}))
    assert spare is not None
    assert (spare.candidate.offer.engine.name, spare.spare) == ("b", True)


async def test_an_ejected_engine_is_given_no_more_than_it_has_slots() -> None:
    """Its slots are as many as ever: the next one takes the other that is ejected, and then somebody waits."""
    chance = Chance(offer("a", slots=1), offer("b", slots=1))
    chance.load("a").health.ejected_until, chance.load("b").health.ejected_until = 5.0, 9.0
    chance.load("a").in_flight = 1
    assert chance.name() == "b"
    chance.load("b").in_flight = 1
    assert chance.name() is None


async def test_what_was_learned_long_ago_is_not_believed() -> None:
    """A slow engine that was not tried for a while may show what it can do now."""
    chance = Chance(offer("slow"), offer("other"))
    chance.pool.by_name["slow"].speed = Speed(base_s=50.0, seen_at=100.0)
    chance.load("other").in_flight = 1
    assert chance.name(now=100.0 + STALE_S) == "other"
    assert chance.name(now=100.1 + STALE_S) == "slow"


def watched(pool: Pool, asked: list[Candidate]) -> None:
    """Note whose engine is looked at."""
    around = pool.around

    def noting(ask: Ask, likely: Iterable[str]) -> Iterator[Candidate]:
        for candidate in around(ask, likely):
            asked.append(candidate)
            yield candidate

    pool.around = noting  # type: ignore[method-assign]


async def test_among_thousands_few_are_looked_at() -> None:
    """The number of looks does not grow with the number of candidates, and the holder of a prefix is among them."""
    for count in (100, 2000):
        chance = Chance(*(offer(str(number)) for number in range(count)))
        asked: list[Candidate] = []
        watched(chance.pool, asked)
        assert chance.name(cached={"77": 900}) == "77"
        assert len(asked) == LOOKED_AT


async def test_one_free_engine_among_thousands_is_found() -> None:
    """At the first try, though all others are full; and from then on by a look at the few that are not known to be."""
    chance = Chance(*(offer(str(number), slots=1) for number in range(1000)))
    for name, candidate in chance.pool.by_name.items():
        candidate.load.in_flight = int(name != "613")
    assert chance.name() == "613"
    chance.load("613").in_flight = 1
    assert chance.name() is None
    chance.load("5").in_flight = 0
    chance.pool.put_back(chance.pool.by_name["5"])
    assert chance.name() == "5"


async def test_who_cannot_wait_goes_where_it_is_fastest() -> None:
    """Whatever the weights say, which count again where the bound is kept."""
    chance = Chance(offer("heavy", weight=9), offer("light"))
    for name, base_s in (("heavy", 4.0), ("light", 1.0)):
        chance.pool.by_name[name].speed = Speed(base_s=base_s, token_s=0.0, count=EVIDENCE_MIN, seen_at=0.0)
    for bound_s, expected in ((None, "heavy"), (5.0, "heavy"), (2.0, "light"), (0.5, "light")):
        chance.ask = Ask(chance.model, first_token_s=bound_s)
        assert chance.name() == expected


@pytest.mark.parametrize(
    ("speed", "bound_s", "late"),
    [
        (Speed(base_s=4.0, token_s=0.0, count=EVIDENCE_MIN, seen_at=100.0), 2.0, True),
        (Speed(base_s=4.0, token_s=0.0, count=EVIDENCE_MIN, seen_at=100.0), None, False),
        (Speed(base_s=4.0, token_s=0.0, count=EVIDENCE_MIN, seen_at=100.0), 5.0, False),
        (Speed(base_s=4.0, token_s=0.0, count=EVIDENCE_MIN, seen_at=100.0, error_s=1.5), 2.0, False),
        (Speed(base_s=4.0, token_s=0.0, count=EVIDENCE_MIN - 1, seen_at=100.0), 2.0, False),
        (Speed(base_s=4.0, token_s=0.0, count=EVIDENCE_MIN, seen_at=99.0 - EVIDENCE_S), 2.0, False),
    ],
)
async def test_only_what_is_surely_too_late_is_refused(speed: Speed, bound_s: float | None, *, late: bool) -> None:
    """Where enough was seen, lately, and it was mostly predicted right."""
    chance = Chance(offer("a"))
    chance.pool.by_name["a"].speed = speed
    chosen = chance.chosen(now=100.0)
    assert chosen is not None
    assert too_late(chosen, Ask(chance.model, first_token_s=bound_s), 100.0) == (4.0 if late else None)
