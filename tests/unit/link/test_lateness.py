"""How late a message is, by clocks that differ."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from antiphon.link.lateness import PERIOD_S, Lateness


def test_the_first_message_is_not_late() -> None:
    """There is nothing to compare it with."""
    lateness = Lateness()
    assert not lateness.known
    assert lateness.of(5_000.0, 3.0) == 0
    assert lateness.known


@given(st.floats(-1e6, 1e6), st.lists(st.floats(0, 60), min_size=1, max_size=20))
def test_clocks_that_differ_do_not_matter(skew_s: float, delays: list[float]) -> None:
    """Whatever the difference, the lateness is that of the delays."""
    lateness = Lateness()
    for number, delay in enumerate(delays):
        late_s = lateness.of(10.0 * number - skew_s, 10.0 * number + delay)
        assert abs(late_s - (delay - min(delays[: number + 1]))) < 1e-6


def test_clocks_may_drift() -> None:
    """What was quickest long ago is forgotten."""
    lateness = Lateness()
    for number in range(5):
        now = number * PERIOD_S
        drifted = now * 1.001
        assert lateness.of(now, drifted) <= PERIOD_S * 0.001 + 1e-6
