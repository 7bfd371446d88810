"""Tests of the counters and histograms, by what they hand to a scrape."""

from __future__ import annotations

import math

from prometheus_client.metrics_core import Metric

from antiphon.observe.families import CounterFamily, HistogramFamily


def samples(metric: Metric, name: str) -> list[tuple[dict[str, str], float]]:
    """Labels and values of the samples of that name, in order."""
    return [(sample.labels, sample.value) for sample in metric.samples if sample.name == name]


def test_buckets_are_cumulative_and_hold_their_bound() -> None:
    """A value on a bound is in that bucket, one beyond the last bound only in `+Inf`; the sum is exact."""
    family = HistogramFamily("wait_seconds", "A wait.", ("model",), (1.0, 2.0, 4.0))
    series = family.bind("m")
    for value in (0.5, 1.0, 1.5, 4.0, 8.0):
        series.observe(value)
    (metric,) = family.collect()
    assert samples(metric, "wait_seconds_bucket") == [
        ({"model": "m", "le": "1.0"}, 2),
        ({"model": "m", "le": "2.0"}, 3),
        ({"model": "m", "le": "4.0"}, 4),
        ({"model": "m", "le": "+Inf"}, 5),
    ]
    assert samples(metric, "wait_seconds_count") == [({"model": "m"}, 5)]
    assert math.isclose(samples(metric, "wait_seconds_sum")[0][1], 15.0)


def test_one_series_for_each_set_of_labels() -> None:
    """Binding the same labels again gives the same series, others their own."""
    family = HistogramFamily("wait_seconds", "A wait.", ("model",), (1.0,))
    assert family.bind("a") is family.bind("a")
    assert family.bind("a") is not family.bind("b")
    family.bind("b").observe(0.5)
    (metric,) = family.collect()
    assert samples(metric, "wait_seconds_count") == [({"model": "a"}, 0), ({"model": "b"}, 1)]


def test_what_was_counted_is_counted_once() -> None:
    """Folding again adds nothing; what is noted later comes on top."""
    series = HistogramFamily("wait_seconds", "A wait.", ("model",), (1.0,)).bind("m")
    series.observe(0.5)
    assert series.fold() == ([1, 0], 0.5)
    assert series.noted == []
    series.observe(2.0)
    assert series.fold() == series.fold() == ([1, 1], 2.5)


def test_counters_count_by_labels() -> None:
    """Each set of labels has a count of its own; none is shown before it is counted."""
    family = CounterFamily("hits", "Hits.", ("route", "status"))
    assert [metric.samples for metric in family.collect()] == [[]]
    for status in ("200", "200", "404"):
        family.add(("/", status))
    (metric,) = family.collect()
    assert samples(metric, "hits_total") == [
        ({"route": "/", "status": "200"}, 2),
        ({"route": "/", "status": "404"}, 1),
    ]
