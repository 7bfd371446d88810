"""What the gateway's own placement is compared with: three simpler ways to choose, on everything else that is real.

Each only chooses; queues, slots, accounts, health and retries stay the gateway's. None is offered outside of here.
"""

from __future__ import annotations

import heapq
from collections import OrderedDict
from collections.abc import Callable, Iterator

from msgspec.structs import replace

from antiphon.models.ask import Ask
from antiphon.models.load import Candidate, Place
from antiphon.models.placement import Placement
from antiphon.models.pool import Pool, Use, use

REMEMBERED_MAX = 500_000  # beginnings of prompts
OURS = "antiphon"


class SimplePlacement(Placement):
    """Goes through the candidates in the order of a policy, and takes the first one that is free."""

    def order(self, pool: Pool, ask: Ask) -> Iterator[Candidate]:
        """The candidates of the model that is asked for, the best first."""
        raise NotImplementedError

    def chosen(self, place: Place) -> None:
        """One was taken."""

    def _free(self, ask: Ask, tried: frozenset[str], *, fresh: bool = False) -> Place | None:
        if len(ask.model.offers) > 1:
            now = self._now()
            for candidate in self.order(self._pool(ask, fresh=fresh), ask):
                name = candidate.offer.engine.name
                if name not in tried and use(candidate, now) is Use.FREE:
                    ask = replace(ask, only=frozenset({name}))
                    break
        place = super()._free(ask, tried, fresh=fresh)
        if place is not None:
            self.chosen(place)
        return place


class RoundRobin(SimplePlacement):
    """One after the other."""

    def __init__(self, *, queue_max: int) -> None:
        super().__init__(queue_max=queue_max)
        self._next: dict[str, int] = {}

    def order(self, pool: Pool, ask: Ask) -> Iterator[Candidate]:
        """From the one behind the last that was taken."""
        offers = pool.offers
        first = self._next.get(ask.model.id, 0)
        for i in range(first, first + len(offers)):
            self._next[ask.model.id] = (i + 1) % len(offers)
            yield pool.by_name[offers[i % len(offers)].engine.name]


class LeastLoaded(SimplePlacement):
    """The one with the smallest share of its slots in use; among equals, whoever came to it first."""

    def __init__(self, *, queue_max: int) -> None:
        super().__init__(queue_max=queue_max)
        self._heaps: dict[str, list[tuple[float, int, Candidate]]] = {}
        self._pushed = 0

    def order(self, pool: Pool, ask: Ask) -> Iterator[Candidate]:
        """By what this gateway has given them; entries of a heap that are out of date are dropped."""
        heap = self._heaps.get(ask.model.id)
        if heap is None:
            heap = self._heaps[ask.model.id] = []
            for candidate in pool.by_name.values():
                self._push(heap, candidate)
        looked_at: list[tuple[float, int, Candidate]] = []
        try:
            while heap and heap[0][0] < 1:
                entry = heapq.heappop(heap)
                if entry[0] == _share(entry[2]):
                    looked_at.append(entry)
                    yield entry[2]
        finally:
            for entry in looked_at:
                heapq.heappush(heap, entry)

    def chosen(self, place: Place) -> None:
        """It has one more."""
        self._moved(place)

    def give_back(self, place: Place) -> None:
        """It has one less; whoever is served next is to see that."""
        if not place.over:
            self._moved(place, less=1)
        super().give_back(place)

    def _moved(self, place: Place, *, less: int = 0) -> None:
        heap = self._heaps.get(place.ask.model.id)
        if heap is not None and place.candidate is not None:
            self._push(heap, place.candidate, less=less)

    def _push(self, heap: list[tuple[float, int, Candidate]], candidate: Candidate, *, less: int = 0) -> None:
        self._pushed += 1
        heapq.heappush(heap, (_share(candidate, less), self._pushed, candidate))


def _share(candidate: Candidate, less: int = 0) -> float:
    return (candidate.load.in_flight - less) / (candidate.slots or 1)


class PrefixOnly(RoundRobin):
    """Whichever has read most of the prompt before, however much it has to do; else one after the other."""

    def __init__(self, *, queue_max: int) -> None:
        super().__init__(queue_max=queue_max)
        self._readers: OrderedDict[int, str] = OrderedDict()

    def order(self, pool: Pool, ask: Ask) -> Iterator[Candidate]:
        """The longest beginnings first."""
        for number in reversed(ask.prefix):
            reader = self._readers.get(number)
            if reader is not None and reader in pool.by_name:
                yield pool.by_name[reader]
        yield from super().order(pool, ask)

    def chosen(self, place: Place) -> None:
        """It reads the prompt now."""
        for number in place.ask.prefix:
            self._readers[number] = place.offer.engine.name
            self._readers.move_to_end(number)
        while len(self._readers) > REMEMBERED_MAX:
            self._readers.popitem(last=False)


POLICIES: dict[str, Callable[[int], Placement]] = {
    OURS: lambda queue_max: Placement(queue_max=queue_max),
    "least-loaded": lambda queue_max: LeastLoaded(queue_max=queue_max),
    "round-robin": lambda queue_max: RoundRobin(queue_max=queue_max),
    "prefix-only": lambda queue_max: PrefixOnly(queue_max=queue_max),
}
