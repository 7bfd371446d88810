"""What happened between two looks at a gateway."""

from __future__ import annotations

import pytest

from antiphon.cli.sight import Change, Sight, gauge, samples

BEFORE = """\
# TYPE antiphon_failures_total counter
antiphon_failures_total{model="a",code="x"} 4
antiphon_failures_total{model="b",code="x"} 100
# TYPE lag gauge
lag 0.25
# TYPE wait histogram
wait_bucket{le="1.0"} 10
wait_bucket{le="2.0"} 10
wait_bucket{le="+Inf"} 10
"""
NOW = """\
antiphon_failures_total{model="a",code="x"} 6
antiphon_failures_total{model="a",code="y"} 4
antiphon_failures_total{model="b",code="x"} 8
lag 0.5
wait_bucket{le="1.0"} 12
wait_bucket{le="2.0"} 16
wait_bucket{le="+Inf"} 18
"""


def change(before: str = BEFORE, now: str = NOW) -> Change:
    """Two looks, two seconds apart."""
    return Change(Sight(10.0, samples(before), {}), Sight(12.0, samples(now), {}))


def test_rates() -> None:
    """By labels; a series that is new counts from nothing, as one does that began anew."""
    assert change().rate("antiphon_failures_total", model="a") == 3.0
    assert change().rate("antiphon_failures_total", model="b") == 4.0
    assert change().rate("antiphon_failures_total") == 7.0
    assert change().rate("none") == 0.0


@pytest.mark.parametrize(("share", "value"), [(0.125, 0.5), (0.5, 1.5), (0.75, 2.0), (0.95, 2.0)])
def test_quantiles(share: float, value: float) -> None:
    """Only of what came between the looks; even within a bucket, and never beyond the last bound."""
    assert change().quantile(share, "wait") == value


def test_nothing_came() -> None:
    """Then there is no time to tell."""
    assert change(NOW, NOW).quantile(0.5, "wait") is None
    assert change("", "").quantile(0.5, "wait") is None


def test_gauges_and_nonsense() -> None:
    """A gauge is as it is; what is no exposition is refused."""
    assert gauge(change().now, "lag") == 0.5
    assert gauge(change().now, "none") == 0.0
    with pytest.raises(ValueError, match="invalid metric name"):
        samples("<html>")
