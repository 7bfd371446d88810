"""Whom a free place is kept for, for a moment: an account that asks one thing after the other is about to be back.

While another account keeps requests waiting, the place that an answer leaves would be gone before its account's next
request comes. That one would wait for one of the flood to end, every time, and take twice as long (deceptive idleness;
the cure is known as anticipatory scheduling). Pure: times are handed in.
"""

from __future__ import annotations

from antiphon.models.ask import Ask
from antiphon.models.loads import Loads

KEPT_S = 0.25  # about the time that a client takes to ask again, also from far away
ENGINES_MAX = 16  # of more than that, one has a free place soon anyway
SLOW_MAX = 1024


class Comebacks:
    """Which accounts are about to be back. One that was not back in time is not waited for, until it is again."""

    def __init__(self) -> None:
        self._away: dict[str, float] = {}  # since when, the longest first
        self._slow: dict[str, None] = {}

    def left(self, account: str, now: float) -> None:
        """An answer of that account has ended, and it has nothing else waiting."""
        self._away.pop(account, None)
        self._away[account] = now

    def came(self, account: str, now: float) -> bool:
        """That account asks again; whether a place was kept for it."""
        self._expire(now)
        if self._away.pop(account, None) is None:
            return False
        kept = account not in self._slow
        self._slow.pop(account, None)
        return kept

    def expected(self, now: float) -> int:
        """How many accounts are about to be back."""
        self._expire(now)
        return sum(account not in self._slow for account in self._away)

    def _expire(self, now: float) -> None:
        for account, since in list(self._away.items()):
            if now - since < KEPT_S:
                return
            del self._away[account]
            self._slow[account] = None
            if len(self._slow) > SLOW_MAX:
                del self._slow[next(iter(self._slow))]


def has_more_than_its_share(ask: Ask, loads: Loads, expected: int) -> bool:
    """Whether one more request of that account, which is being served, would take what the expected ones need."""
    offers = ask.model.offers
    if len(offers) > ENGINES_MAX:
        return False
    slots = busy = own = 0
    accounts: set[str] = set()
    for offer in offers:
        load = loads.of(offer.engine.name)
        most = load.told.slots if offer.slots is None else offer.slots
        if most is None:
            return False
        slots += most
        busy += load.in_flight + load.others
        own += load.by_account.get(ask.account, 0)
        accounts.update(load.by_account)
    return own > 0 and slots - busy <= expected and (own + 1) * (len(accounts) + expected) > slots
