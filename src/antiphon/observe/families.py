"""Counters and histograms that are cheap to add to, exposed through prometheus_client's own collector interface.

The library's histogram walks its buckets and takes three locks: 1.6 µs an observation here, against 0.2 µs. One thread
adds and reads.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator

from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily
from prometheus_client.registry import Collector


class Series:
    """The counts of one set of labels."""

    __slots__ = ("_bounds", "counts", "total")

    def __init__(self, bounds: tuple[float, ...]) -> None:
        self._bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        self.total = 0.0

    def observe(self, value: float) -> None:
        """Count a value in its bucket."""
        self.counts[bisect_left(self._bounds, value)] += 1
        self.total += value


class HistogramFamily(Collector):
    """All series of one metric, by label values."""

    def __init__(self, name: str, text: str, labels: tuple[str, ...], bounds: tuple[float, ...]) -> None:
        self._name = name
        self._text = text
        self._labels = labels
        self._bounds = bounds
        self._series: dict[tuple[str, ...], Series] = {}

    def bind(self, *labels: str) -> Series:
        """The series of these label values; keep it."""
        return self._series.setdefault(labels, Series(self._bounds))

    def collect(self) -> Iterator[HistogramMetricFamily]:
        """For a scrape: cumulative buckets and the sum."""
        family = HistogramMetricFamily(self._name, self._text, labels=self._labels)
        names = [*(str(bound) for bound in self._bounds), "+Inf"]
        for labels, series in self._series.items():
            running = 0
            buckets = []
            for name, count in zip(names, series.counts, strict=True):
                running += count
                buckets.append((name, float(running)))
            family.add_metric(labels, buckets, series.total)
        yield family


class CounterFamily(Collector):
    """Counts by label values."""

    def __init__(self, name: str, text: str, labels: tuple[str, ...]) -> None:
        self._name = name
        self._text = text
        self._labels = labels
        self._counts: dict[tuple[str, ...], int] = {}

    def add(self, labels: tuple[str, ...], count: int = 1) -> None:
        """Count one, or so many."""
        self._counts[labels] = self._counts.get(labels, 0) + count

    def collect(self) -> Iterator[CounterMetricFamily]:
        """For a scrape."""
        family = CounterMetricFamily(self._name, self._text, labels=self._labels)
        for labels, count in self._counts.items():
            family.add_metric(labels, count)
        yield family
