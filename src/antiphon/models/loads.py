"""What is known of all engines, by name. Bounded: engines that nobody offers any more are forgotten. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from antiphon.models.ask import Ask
from antiphon.models.load import Load

SWEPT_AT_MIN = 256


class Loads:
    """One load for each engine, and how far those are trusted that are not trusted like all."""

    def __init__(self) -> None:
        self._loads: dict[str, Load] = {}
        self._standings: dict[str, float] = {}
        self._swept_at = SWEPT_AT_MIN

    def __len__(self) -> int:
        return len(self._loads)

    def __iter__(self) -> Iterator[Load]:
        return iter(self._loads.values())

    def get(self, engine: str) -> Load | None:
        """What is known of it, if anything is."""
        return self._loads.get(engine)

    def of(self, engine: str) -> Load:
        """What is known of it."""
        load = self._loads.get(engine)
        if load is None:
            load = self._loads[engine] = Load(standing=self._standings.get(engine, 1.0))
        return load

    def serve(self, ask: Ask) -> bool:
        """Whether an engine of the request's model is busy with something of its account."""
        for offer in ask.model.offers:
            load = self._loads.get(offer.engine.name)
            if load is not None and ask.account in load.by_account:
                return True
        return False

    def stand(self, engine: str, factor: float) -> None:
        """Trust it so far; this is remembered while it is away."""
        if factor == 1.0:
            self._standings.pop(engine, None)
        else:
            self._standings[engine] = factor
        self.of(engine).standing = factor

    def sweep(self, offered: Collection[Mapping[str, object]]) -> None:
        """Forget engines that are idle and not `offered`, when there are many."""
        if len(self._loads) < self._swept_at:
            return
        self._loads = {
            name: load
            for name, load in self._loads.items()
            if load.in_flight or any(name in names for names in offered)
        }
        self._swept_at = max(SWEPT_AT_MIN, 2 * len(self._loads))
