"""Why a request gets no place: nobody is there, all are busy, or its first token would surely be too late."""

from __future__ import annotations

import math

from antiphon.errors import Saturated, Unavailable
from antiphon.models.ask import Ask
from antiphon.models.loads import Loads
from antiphon.models.waiting import RETRY_S, RETRY_S_MAX, busy


def hopeless(ask: Ask, tried: frozenset[str], loads: Loads, now: float, *, gambles: bool = True) -> Unavailable | None:
    """What to tell a request for which no place can become free any more; None while one can.

    `gambles` says whether a retry may go to an engine that is ejected.
    """
    busy_s = math.inf
    for offer in ask.model.offers:
        name = offer.engine.name
        if offer.engine.unavailable() is not None or name in tried or (ask.only and name not in ask.only):
            continue
        load = loads.of(name)
        if not load.standing or (tried and not gambles and not load.health.admits(now)):
            continue
        if load.health.busy_until <= now:
            return None
        busy_s = min(busy_s, load.health.busy_until - now)
    if busy_s < math.inf:
        return Saturated(busy(ask.model, 1).message, retry_after_s=_told_s(busy_s))
    if ask.only and not any(offer.engine.name in ask.only for offer in ask.model.offers):
        message = f"No node that the request is bound to serves the model {ask.model.id!r} now."
        return Unavailable(message, retry_after_s=RETRY_S)
    try:
        ask.model.require_live()
    except Unavailable as error:
        return error
    return Unavailable(f"No other node can serve the model {ask.model.id!r} now.", retry_after_s=RETRY_S)


def late(ask: Ask, expected_s: float) -> Saturated:
    """What to tell a request whose first token cannot come within its bound."""
    assert ask.first_token_s is not None, "it has none"
    message = (
        f"{ask.bound}: the first token of the model {ask.model.id!r} would take about {expected_s:.1f} s now, "
        f"and {ask.first_token_s:g} s are given."
    )
    return Saturated(message, retry_after_s=_told_s(expected_s - ask.first_token_s))


def _told_s(wait_s: float) -> int:
    """A wait in whole seconds that a client may be told."""
    return min(RETRY_S_MAX, max(1, math.ceil(wait_s)))
