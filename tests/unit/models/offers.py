"""Models on engines that are never asked anything, for tests of what is chosen among them."""

from __future__ import annotations

from antiphon.engines.kinds import kind
from antiphon.engines.upstream import HttpEngine
from antiphon.http.client import Pool
from antiphon.http.origin import Origin
from antiphon.models.catalogue import Model, Offer


def engine(name: str, *, down: bool = False, of: str = "vllm") -> HttpEngine:
    """A real engine that nobody connects to."""
    made = HttpEngine(name, Pool(Origin("localhost", 1)), kind(of))
    made.down = down
    return made


def offer(name: str, *, down: bool = False, slots: int | None = None, weight: int = 1) -> Offer:
    """One engine's serving of a model."""
    return Offer(engine(name, down=down), "upstream-name", slots=slots, weight=weight)


def model(*offers: Offer, name: str = "model") -> Model:
    """A model of that name."""
    return Model(name, offers)
