"""One look at a gateway: its metrics, its health, its nodes; and what happened between two looks. Values only."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from msgspec import Struct

Labels = frozenset[tuple[str, str]]
Json = Any  # Any: the gateway's JSON
Bucket = tuple[float, float]  # its bound, and how many were within it


class Sight(Struct, frozen=True):
    """What was seen at a moment, in seconds of a clock that only goes on. Nodes only where the key may see them."""

    at_s: float
    samples: Mapping[tuple[str, Labels], float]
    health: Json
    nodes: tuple[Json, ...] = ()


class Change(Struct, frozen=True):
    """Two looks. A counter that fell was one of a gateway that has begun anew: it counts from nothing."""

    before: Sight
    now: Sight

    def rate(self, name: str, **labels: str) -> float:
        """How much counters of these labels have grown, all together, in a second."""
        return self._grown(name, labels) / max(self.now.at_s - self.before.at_s, 1e-3)

    def quantile(self, share: float, name: str, **labels: str) -> float | None:
        """The value that so large a share of what a histogram saw is below; None when it saw nothing."""
        buckets: dict[float, float] = {}
        for key in _chosen(self.now.samples, f"{name}_bucket", labels):
            bound = float(dict(key[1])["le"])
            buckets[bound] = buckets.get(bound, 0.0) + self._growth(key)
        return _quantile(share, sorted(buckets.items()))

    def _grown(self, name: str, labels: Mapping[str, str]) -> float:
        return sum(self._growth(key) for key in _chosen(self.now.samples, name, labels))

    def _growth(self, key: tuple[str, Labels]) -> float:
        now, before = self.now.samples[key], self.before.samples.get(key, 0.0)
        return now - before if now >= before else now


def samples(text: str) -> dict[tuple[str, Labels], float]:
    """The samples of a scrape in Prometheus' text format; ValueError when it is none."""
    from prometheus_client.parser import text_string_to_metric_families

    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def gauge(sight: Sight, name: str) -> float:
    """The value of a metric without labels, 0 where it is not told."""
    return sight.samples.get((name, frozenset()), 0.0)


def _chosen(
    samples_: Mapping[tuple[str, Labels], float], name: str, labels: Mapping[str, str]
) -> Iterable[tuple[str, Labels]]:
    wanted = labels.items()
    return [key for key in samples_ if key[0] == name and wanted <= dict(key[1]).items()]


def _quantile(share: float, buckets: list[Bucket]) -> float | None:
    """As Prometheus does: even within a bucket, and no further than the last bound."""
    if not buckets or not buckets[-1][1]:
        return None
    wanted, below, floor = share * buckets[-1][1], 0.0, 0.0
    for bound, count in buckets:
        if count >= wanted and count > below:
            if bound == float("inf"):
                return floor
            return floor + (bound - floor) * (wanted - below) / (count - below)
        below, floor = count, bound
    return floor
