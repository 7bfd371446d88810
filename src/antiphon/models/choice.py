"""The choice among a model's candidates: the least predicted time to the first token, for its weight. Pure.

A candidate that has read the beginning of the prompt before has less to read. So it is preferred for as long as what
waits there costs less than that saves.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

from msgspec import Struct

from antiphon.models.ask import Ask
from antiphon.models.load import Candidate, Place
from antiphon.models.pool import LOOKED_AT, STALE_S, Pool, Use, predicted_s, use, weighed

EVIDENCE_MIN = 8  # first tokens of an engine, before what is predicted of it may refuse anybody
EVIDENCE_S = 10.0  # and the latest is no older: one request goes through then, and shows whether it is still so


class Chosen(Struct, frozen=True):
    """A candidate, with what is expected there. `spare`: it is ejected, and there is no other."""

    candidate: Candidate
    cached: int = 0
    predicted_s: float = 0.0
    spare: bool = False

    def place(self, ask: Ask, now: float, *, retry: bool, thought_cached: int) -> Place:
        """The place there of a request of which so many tokens were thought to be cached."""
        candidate, load = self.candidate, self.candidate.load
        return Place(
            candidate.offer,
            load,
            ask,
            now,
            retry,
            candidate=candidate,
            served=load.in_flight + load.others,
            thought_cached=thought_cached,
            cached=self.cached,
            predicted_s=self.predicted_s,
        )


class Choice:
    """One pass over candidates; `healthy` says whether there is one that a request may wait for."""

    def __init__(
        self, ask: Ask, tried: frozenset[str], cached: Mapping[str, int], now: float, *, hurried: bool = False
    ) -> None:
        self._hurried = hurried  # weights are nothing to it
        self._ask = ask
        self._tried = tried
        self._cached = cached
        self._now = now
        self._best: Candidate | None = None
        self._best_cost = math.inf
        self._best_s = 0.0
        self._kept = 0
        self._spare: Candidate | None = None
        self.healthy = False

    def look(self, pool: Pool, candidates: Iterable[Candidate]) -> None:
        """Keep the best one; what cannot be used is put apart."""
        free, old_at = 0, self._now - STALE_S
        tokens, cached, now = self._ask.prompt_tokens, self._cached, self._now
        for candidate in candidates:
            name = candidate.offer.engine.name
            if name in self._tried:
                continue
            state = use(candidate, now)
            if state is not Use.FREE:
                self._pass(candidate, state)
                pool.put_apart(candidate)
                continue
            if candidate.speed.seen_at < old_at:
                candidate.speed = pool.fresh(candidate.load)
            kept = int(candidate.keeps * min(cached.get(name, 0), tokens)) if cached else 0
            expected_s = predicted_s(candidate, tokens - kept)
            cost = expected_s if self._hurried else weighed(candidate, expected_s, now)
            if cost < self._best_cost:
                self._best, self._best_cost, self._best_s, self._kept = candidate, cost, expected_s, kept
            free += 1
            if free >= LOOKED_AT:
                break

    def _pass(self, candidate: Candidate, state: Use) -> None:
        if state is Use.FULL or state is Use.BUSY:
            self.healthy = True
        elif state is Use.EJECTED and not candidate.full:
            until = candidate.load.health.ejected_until
            if self._spare is None or until < self._spare.load.health.ejected_until:
                self._spare = candidate

    @property
    def chosen(self) -> Chosen | None:
        """The best one; what is ejected only where there is nothing else, since that is better than nobody."""
        if self._best is not None:
            return Chosen(self._best, self._kept, self._best_s)
        if self._spare is None or self.healthy:
            return None
        return Chosen(self._spare, predicted_s=predicted_s(self._spare, self._ask.prompt_tokens), spare=True)


def choose(pool: Pool, ask: Ask, tried: frozenset[str], cached: Mapping[str, int], now: float) -> Chosen | None:
    """The best candidate that is free now, None when there is none."""
    choice = Choice(ask, tried, cached, now)
    choice.look(pool, pool.around(ask, cached))
    if choice.chosen is None and not choice.healthy and not ask.only:
        choice.look(pool, pool.apart())
    chosen = choice.chosen
    if chosen is None or too_late(chosen, ask, now) is None:
        return chosen
    hurry = Choice(ask, tried, cached, now, hurried=True)
    hurry.look(pool, pool.around(ask, cached))
    return hurry.chosen or chosen


def too_late(chosen: Chosen, ask: Ask, now: float) -> float | None:
    """The seconds that the first token is expected to take where that is surely more than the caller gives it.

    None where it is not, or where too little is known to say so.
    """
    speed = chosen.candidate.speed
    if ask.first_token_s is None or speed.count < EVIDENCE_MIN or speed.seen_at < now - EVIDENCE_S:
        return None
    return chosen.predicted_s if speed.surely_over(chosen.predicted_s, ask.first_token_s) else None
