"""What the course of an attempt teaches: how fast its engine is, and whether it is well. Pure: times are handed in."""

from __future__ import annotations

import math
from collections import Counter

import msgspec
from msgspec import Struct

from antiphon.errors import AntiphonError, EngineFailed, FirstTokenTimeout, Saturated, Unavailable
from antiphon.models.health import SILENCE_FAILURES
from antiphon.models.load import Place
from antiphon.models.pool import Pool
from antiphon.models.prediction import learn_of_peers, own
from antiphon.models.retry_budget import RetryBudget

FIRST_TOKEN_S_MAX = 10.0  # what is silent for longer is taken for frozen, where another engine could do it
FIRST_TOKEN_S_MIN = 1.0
LATE_TIMES = 3.0  # the slowest hundredth of first tokens, or what was predicted, before one is given up
WAITS_MIN = 20  # first tokens of a model, before any is given up sooner
SLOW_TIMES = 3.0  # what was predicted of an engine by its own past and of its peers, before a first token is slow
SLOW_S = 0.5  # and no shorter wait is
SLOW_BESIDE_MAX = 1  # others that the engine was busy with: beside more, a long wait is mostly a queue's
KEEPS_STEP = 0.1  # of what one answer tells of its engine's cache
SURE_OF_PAST = 5  # first tokens of an engine


class Tally(Struct):
    """What metrics show. Tokens are those of prompts that had a choice of engines, as estimated."""

    ejections: Counter[str] = msgspec.field(default_factory=Counter)  # by reason
    saturations: int = 0
    retries: int = 0
    refusals: int = 0  # of requests whose first token would surely have been too late
    predictions: int = 0
    predicted_s: float = 0.0
    waited_s: float = 0.0
    missed_s: float = 0.0  # between the two, without their signs
    prompt_tokens: int = 0
    cached_tokens: int = 0


class Outcomes:
    """Notes what becomes of attempts, of one gateway."""

    def __init__(self, budget: RetryBudget) -> None:
        self._budget = budget
        self.tally = Tally()

    def sent(self, place: Place) -> None:
        """An attempt begins."""
        load, budget = place.load, self._budget
        load.in_flight += 1
        budget.in_flight += 1
        if place.retry:
            budget.retries += 1
            self.tally.retries += 1
        elif not place.ask.again:
            budget.asked()
        if place.offer.slots is not None:
            account = place.ask.account
            load.by_account[account] = load.by_account.get(account, 0) + 1
        if place.candidate is None:
            return
        place.probe = bool(load.health.ejected_until)
        if place.probe:
            load.health.probing = True
        self.tally.prompt_tokens += place.ask.prompt_tokens
        self.tally.cached_tokens += place.cached
        if place.ask.streams:
            place.own_unread = place.ask.prompt_tokens - place.cached
            place.unread = load.unread + place.own_unread
            load.unread = place.unread
            load.silent[id(place)] = place

    def ended(self, place: Place) -> None:
        """An attempt is over, whatever came of it."""
        load, account = place.load, place.ask.account
        place.over = True
        load.in_flight -= 1
        self._budget.in_flight -= 1
        self.heard(place)
        by_account = load.by_account
        if account in by_account:
            if by_account[account] > 1:
                by_account[account] -= 1
            else:
                del by_account[account]
        if place.probe:
            load.health.probed()

    def heard(self, place: Place) -> None:
        """It waits for its first token no longer, and is no retry any more."""
        if place.begun:
            return
        place.begun = True
        if place.retry:
            self._budget.retries -= 1
        if place.own_unread:
            place.load.unread -= place.own_unread
        if place.candidate is not None:
            place.load.silent.pop(id(place), None)

    def first_token(self, place: Place, pool: Pool, ttft_s: float, now: float) -> None:
        """Its first token came; of an answer in one piece nobody knows when it did."""
        candidate, load = place.candidate, place.load
        if candidate is None or not place.ask.streams:
            return
        expected_s = pool.peers.predict(place.served, place.unread)
        sure = candidate.speed.count >= SURE_OF_PAST
        own_s = place.predicted_s if place.predicted_s is not None and sure else expected_s
        place.judged = True
        well = ttft_s <= SLOW_S + SLOW_TIMES * max(expected_s, own_s)
        self._compared(place, ttft_s)
        pool.waits.add(ttft_s)
        if well or pool.peers.count < SURE_OF_PAST:
            load.health.answered(now, probe=place.probe)
        elif place.served <= SLOW_BESIDE_MAX and load.health.slowed(now, probe=place.probe):
            self._ejected("slow")
        learn_of_peers(pool.peers, place.served, place.unread, ttft_s)
        if load.health.ejected_until:
            candidate.speed = pool.fresh(load)  # so that a probe comes here, and what it finds counts
            return
        if candidate.speed is pool.peers:
            candidate.speed = own(pool.peers)
        candidate.speed.learn(place.served, place.unread, ttft_s, now)

    def succeeded(self, place: Place, cached_tokens: int, now: float) -> None:
        """It came to its proper end; of an engine that never told of cached tokens, none says nothing."""
        candidate = place.candidate
        if candidate is None:
            return
        if place.judged:
            place.load.health.failures = 0  # how fast it was is known already
        else:
            place.load.health.answered(now, probe=place.probe)
        candidate.tells = candidate.tells or cached_tokens > 0
        if candidate.tells and place.thought_cached:
            kept = min(1.0, cached_tokens / place.thought_cached)
            candidate.keeps += KEEPS_STEP * (kept - candidate.keeps)

    def failed(self, place: Place, error: AntiphonError, limit_s: float, now: float) -> None:
        """It came to nothing; what is the caller's fault, or impatience, says nothing of the engine."""
        self.heard(place)
        health = place.load.health
        if place.candidate is None:
            return
        if isinstance(error, Saturated):
            self.tally.saturations += 1
            health.saturated(now, error.retry_after_s or 1)
        elif isinstance(error, FirstTokenTimeout):
            if now - place.taken_at >= limit_s and health.failed(now, probe=place.probe, failures=SILENCE_FAILURES):
                self._ejected("silent")
        elif isinstance(error, (EngineFailed, Unavailable)) and health.failed(now, probe=place.probe):
            self._ejected("failed")

    def _compared(self, place: Place, ttft_s: float) -> None:
        if place.predicted_s is None:
            return
        tally = self.tally
        tally.predictions += 1
        tally.predicted_s += place.predicted_s
        tally.waited_s += ttft_s
        tally.missed_s += abs(ttft_s - place.predicted_s)

    def _ejected(self, reason: str) -> None:
        self.tally.ejections[reason] += 1


def first_token_limit_s(place: Place, pool: Pool | None) -> float:
    """How long to wait for an attempt's first token before another engine is asked; infinite where there is none."""
    if pool is None or place.candidate is None or len(pool) < 2:
        return math.inf
    known = pool.waits.count >= WAITS_MIN
    usual_s = min(FIRST_TOKEN_S_MAX, LATE_TIMES * pool.waits.above(0.01)) if known else FIRST_TOKEN_S_MAX
    return max(FIRST_TOKEN_S_MIN, usual_s, LATE_TIMES * (place.predicted_s or 0.0))
