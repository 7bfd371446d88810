"""The offers of one model as candidates for its requests. However many there are, a few are looked at for each.

Up to `LOOKED_AT` candidates all are looked at each time. Of more than that, those that cannot be used now are kept
apart, and of the others as many are looked at as would else be all, the next ones each time. Pure: the time is
handed in.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import Enum

from antiphon.models.ask import Ask
from antiphon.models.catalogue import Offer
from antiphon.models.load import Candidate, Load, is_cold
from antiphon.models.loads import Loads
from antiphon.models.prediction import Quantiles, Speed, own

LOOKED_AT = 12  # that can be used, at each look
REVISITED = 2  # of those kept apart, at each look
STALE_S = 30.0  # what was learned of an engine is forgotten when it was not tried for so long
COLD_S = 5.0  # what it may take to load a model, to anybody who could have it elsewhere
LATE_S = 1.0  # a first token that has not come is not late before that,
LATE_TIMES = 3.0  # nor before it takes so many times as long as was predicted


class Use(Enum):
    """Whether a candidate can be used."""

    FREE = "free"
    FULL = "full"
    BUSY = "busy"  # by its own word
    EJECTED = "ejected"
    DOWN = "down"


class Pool:
    """The candidates of one model. `peers` is what all of them together have taught."""

    def __init__(self, model: str) -> None:
        self._model = model
        self.offers: tuple[Offer, ...] = ()
        self.peers = Speed()
        self.waits = Quantiles()
        self.by_name: dict[str, Candidate] = {}
        self._ring: list[Candidate] = []
        self._open = 0  # the first ones of the ring; the others are kept apart
        self._next = 0
        self._revisited = 0

    def __len__(self) -> int:
        return len(self._ring)

    def renew(self, offers: tuple[Offer, ...], loads: Loads) -> None:
        """Take other offers; what is known of those that stay is kept."""
        gone = {(each.offer.engine.name, each.offer.upstream_name): each for each in self._ring}
        self.offers, self._ring, self.by_name = offers, [], {}
        for at, offer in enumerate(offers):
            name = offer.engine.name
            candidate = gone.pop((name, offer.upstream_name), None)
            if candidate is None:
                load = loads.of(name)
                candidate = Candidate(self._model, offer, load, self.fresh(load), at)
                load.candidates.append(candidate)
            candidate.offer, candidate.at = offer, at
            candidate.cold = is_cold(offer, candidate.load)
            self._ring.append(candidate)
            self.by_name[name] = candidate
        for candidate in gone.values():
            candidate.load.candidates.remove(candidate)
        self._open, self._next, self._revisited = len(offers), 0, len(offers)

    def fresh(self, load: Load) -> Speed:
        """What is expected of an engine that was not tried lately: as of its peers, but for what it says itself."""
        told = load.told
        if told.prefill_tokens_per_s is None and told.rtt_s is None:
            return self.peers
        return own(self.peers, told.prefill_tokens_per_s, told.rtt_s or 0.0)

    def around(self, ask: Ask, likely: Iterable[str]) -> Iterator[Candidate]:
        """Candidates for one request: those that are `likely` good, then all, or the next ones until enough is seen."""
        if ask.only:
            yield from [self.by_name[name] for name in ask.only if name in self.by_name]
            return
        if len(self._ring) <= LOOKED_AT:
            yield from self._ring
            return
        yield from [self.by_name[name] for name in likely if name in self.by_name]
        self._revisit()
        ring, at, left = self._ring, self._next, self._open
        while left and self._open:
            if at >= self._open:
                at = 0
            self._next = at
            candidate = ring[at]
            yield candidate
            left -= 1
            if candidate.at == at:  # else it was put apart, and another stands there
                at += 1

    def apart(self) -> Iterable[Candidate]:
        """Those kept apart, for when there are no others."""
        return self._ring[self._open :]

    def put_apart(self, candidate: Candidate) -> None:
        """It cannot be used now: look at others."""
        if len(self._ring) > LOOKED_AT and candidate.at < self._open:
            self._open -= 1
            self._swap(candidate, self._open)

    def put_back(self, candidate: Candidate) -> None:
        """It may be used again."""
        if candidate.at >= self._open:
            self._swap(candidate, self._open)
            self._open += 1

    def _revisit(self) -> None:
        """Some of those kept apart get another look; they are put apart again if nothing has changed."""
        for _ in range(min(REVISITED, len(self._ring) - self._open)):
            if not self._open <= self._revisited < len(self._ring):
                self._revisited = self._open
            self.put_back(self._ring[self._revisited])
            self._revisited += 1

    def _swap(self, candidate: Candidate, at: int) -> None:
        ring, other = self._ring, self._ring[at]
        ring[candidate.at], ring[at] = other, candidate
        candidate.at, other.at = at, candidate.at


def use(candidate: Candidate, now: float) -> Use:
    """Whether it can be used now; notes whether its engine is up."""
    load = candidate.load
    health = load.health
    if candidate.offer.engine.unavailable() is not None:
        if not health.down:
            health.seen(now, up=False)
        return Use.DOWN
    if health.down:
        health.seen(now, up=True)
    if not load.standing:
        return Use.DOWN
    if health.ejected_until and not health.admits(now):
        return Use.EJECTED
    if health.busy_until > now:
        return Use.BUSY
    return Use.FULL if candidate.full else Use.FREE


def late_s(load: Load, now: float) -> float:
    """How long the oldest attempt has been silent, where that is too long."""
    for place in load.silent.values():
        age_s = now - place.taken_at
        return age_s if age_s > max(LATE_S, LATE_TIMES * (place.predicted_s or 0.0)) else 0.0
    return 0.0


def predicted_s(candidate: Candidate, tokens: int) -> float:
    """Seconds until the first token of a request with so many tokens to be read, if all is well there."""
    load, speed = candidate.load, candidate.speed
    return speed.base_s * (1 + load.in_flight + load.others) + speed.token_s * (load.unread + tokens)


def weighed(candidate: Candidate, expected_s: float, now: float) -> float:
    """A prediction as it competes with others; what has been silent for too long may well be so for as long again."""
    load = candidate.load
    if candidate.cold:
        expected_s += COLD_S
    if load.silent:
        expected_s += late_s(load, now)
    return expected_s / (candidate.offer.weight * load.standing)
