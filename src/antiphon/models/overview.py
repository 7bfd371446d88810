"""How the engines of a model are doing, as people want to see it. Pure: the time is handed in."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from antiphon.models.catalogue import Model, Offer
from antiphon.models.load import Load, is_cold
from antiphon.models.loads import Loads
from antiphon.models.pool import Pool

NodeState = Literal["warm", "cold", "full", "saturated", "ejected", "distrusted", "unavailable"]
PROMPT_TOKENS = 1000  # of the request whose first token is predicted


class NodeView(Struct, frozen=True):
    """One engine. `first_token_s` is predicted for a prompt of 1,000 tokens, None where nothing was learned of it."""

    name: str
    state: NodeState
    in_flight: int
    others: int
    slots: int | None
    standing: float
    first_token_s: float | None


def overview(model: Model, loads: Loads, pool: Pool | None, now: float) -> list[NodeView]:
    """All of them, in the order of their offers."""
    return [_view(offer, loads.of(offer.engine.name), pool, now) for offer in model.offers]


def state(model: Model, loads: Loads) -> Literal["warm", "cold", "unavailable"]:
    """Whether a node can answer now, or only once it has loaded the model."""
    found: Literal["cold", "unavailable"] = "unavailable"
    for offer in model.offers:
        if offer.engine.unavailable() is None:
            load = loads.get(offer.engine.name)
            if load is None or not is_cold(offer, load):
                return "warm"
            found = "cold"
    return found


def _view(offer: Offer, load: Load, pool: Pool | None, now: float) -> NodeView:
    name = offer.engine.name
    candidate = None if pool is None else pool.by_name.get(name)
    first_token_s = None
    if candidate is not None and candidate.speed.learned:
        first_token_s = round(candidate.speed.predict(load.in_flight + load.others, load.unread + PROMPT_TOKENS), 3)
    slots = load.told.slots if offer.slots is None else offer.slots
    return NodeView(
        name, _state(offer, load, slots, now), load.in_flight, load.others, slots, load.standing, first_token_s
    )


def _state(offer: Offer, load: Load, slots: int | None, now: float) -> NodeState:
    """The first reason for which it would not be chosen; it is asked, and nothing is noted."""
    if offer.engine.unavailable() is not None:
        return "unavailable"
    if not load.standing:
        return "distrusted"
    if not load.health.admits(now):
        return "ejected"
    if load.health.busy_until > now:
        return "saturated"
    if slots is not None and load.in_flight + load.others >= slots:
        return "full"
    return "cold" if is_cold(offer, load) else "warm"
