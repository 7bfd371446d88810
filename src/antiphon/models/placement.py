"""Which engine gets a request: the live offer with the least work for its weight. Counts what is in flight."""

from __future__ import annotations

from msgspec import Struct

from antiphon.errors import Unavailable
from antiphon.models.catalogue import Model, Offer

QUEUE_FULL_RETRY_S = 2


class Load(Struct):
    """Requests that one engine is busy with."""

    in_flight: int = 0


class Placement:
    """Chooses among offers and bounds what waits for one engine."""

    def __init__(self, *, queue_max: int) -> None:
        self._queue_max = queue_max
        self._loads: dict[str, Load] = {}

    def take(self, model: Model, tried: frozenset[str] = frozenset()) -> tuple[Offer, Load]:
        """The best offer not yet tried, counted as busy until `give_back`; Unavailable when there is none."""
        best: tuple[float, Offer, Load] | None = None
        for offer in model.offers:
            engine = offer.engine
            if engine.unavailable() is not None or engine.name in tried:
                continue
            load = self._loads.get(engine.name)
            if load is None:
                load = self._loads[engine.name] = Load()
            if offer.slots is not None and load.in_flight >= offer.slots + self._queue_max:
                continue
            cost = load.in_flight / offer.weight
            if best is None or cost < best[0]:
                best = (cost, offer, load)
        if best is None:
            model.require_live()
            message = f"All nodes that serve the model {model.id!r} are busy."
            raise Unavailable(message, retry_after_s=QUEUE_FULL_RETRY_S)
        best[2].in_flight += 1
        return best[1], best[2]

    @staticmethod
    def give_back(load: Load) -> None:
        """The request is over for this engine."""
        load.in_flight -= 1
