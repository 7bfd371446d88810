"""Health: failures and slowness eject an engine, for longer each time, and one request finds out when it is over."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from antiphon.models.health import (
    EJECTED_S,
    EJECTED_S_MAX,
    FAILURES_MAX,
    FORGIVEN_S,
    SLOW_MAX,
    STABLE_S,
    Health,
)


def failing(health: Health, now: float) -> None:
    """As many failures as eject it."""
    for _ in range(FAILURES_MAX):
        health.failed(now, probe=False)


def test_failures_one_after_the_other_eject() -> None:
    """A good answer between them begins the count anew."""
    health = Health()
    assert [health.failed(1.0, probe=False) for _ in range(FAILURES_MAX - 1)] == [False] * (FAILURES_MAX - 1)
    health.answered(1.0, probe=False)
    assert [health.failed(2.0, probe=False) for _ in range(FAILURES_MAX)] == [False] * (FAILURES_MAX - 1) + [True]
    assert not health.admits(2.0 + EJECTED_S / 2)
    assert health.admits(2.0 + EJECTED_S)


def test_one_probe_decides() -> None:
    """While it is under way nobody else comes; what it says ends the ejection, or doubles it."""
    health = Health()
    failing(health, 0.0)
    health.probing = True
    assert not health.admits(EJECTED_S + 1)
    assert health.failed(10.0, probe=True)
    assert (health.admits(10.0 + 1.5 * EJECTED_S), health.admits(10.0 + 2 * EJECTED_S)) == (False, True)
    health.probing = True
    health.answered(30.0, probe=True)
    assert (health.admits(30.0), health.ejected_until) == (True, 0.0)


def test_a_probe_that_was_broken_off_says_nothing() -> None:
    """The next request may be one."""
    health = Health()
    failing(health, 0.0)
    health.probing = True
    health.probed()
    assert health.admits(EJECTED_S)


def test_what_was_sent_before_an_ejection_does_not_prolong_it() -> None:
    """Failures of other requests in flight say nothing new, and their success no more."""
    health = Health()
    failing(health, 0.0)
    assert not health.failed(4.0, probe=False)
    assert not health.slowed(4.0, probe=False)
    health.answered(4.0, probe=False)
    assert (health.admits(4.0), health.admits(EJECTED_S)) == (False, True)


def test_old_ejections_are_forgiven() -> None:
    """After a long time without any, the next one is as short as a first."""
    health = Health()
    failing(health, 0.0)
    health.answered(EJECTED_S, probe=True)
    again = EJECTED_S + FORGIVEN_S + 1
    failing(health, again)
    assert health.ejected_until == again + EJECTED_S


def test_slowness_ejects_too() -> None:
    """Twice in a row."""
    health = Health()
    assert [health.slowed(1.0, probe=False) for _ in range(SLOW_MAX)] == [False] * (SLOW_MAX - 1) + [True]
    health.probing = True
    assert health.slowed(9.0, probe=True)


def test_what_comes_back_may_be_probed_at_once() -> None:
    """It failed because it was away, however long that would count."""
    health = Health()
    failing(health, 0.0)
    health.seen(0.5, up=False)
    health.seen(1.0, up=True)
    assert (health.admits(1.0), health.ejected_until) == (True, 1.0)


def test_to_be_full_is_no_failure() -> None:
    """It asks for a wait, and the longest one counts."""
    health = Health()
    health.saturated(1.0, 7)
    health.saturated(2.0, 1)
    assert (health.busy_until, health.failures, health.admits(2.0)) == (8.0, 0, True)


def test_what_comes_and_goes_counts_once_it_is_stable() -> None:
    """The first return is believed at once, the second within a minute is not."""
    health = Health()
    for now, admitted in ((0.0, True), (2.0, False)):
        health.seen(now, up=False)
        health.seen(now + 1, up=True)
        assert health.admits(now + 1) is admitted
    assert health.admits(3.0 + STABLE_S)
    health.answered(15.0, probe=True)
    health.seen(500.0, up=False)
    health.seen(501.0, up=True)
    assert health.admits(501.0)


@given(
    steps=st.lists(st.tuples(st.sampled_from("fswgud"), st.booleans(), st.floats(0, 20)), max_size=60),
)
def test_nothing_ejects_for_ever(steps: list[tuple[str, bool, float]]) -> None:
    """Whatever happened, an engine of which no probe is under way is asked again within a bounded time."""
    health, now = Health(), 0.0
    for what, probe, wait_s in steps:
        now += wait_s
        if what == "f":
            health.failed(now, probe=probe)
        elif what == "s":
            health.slowed(now, probe=probe)
        elif what == "g":
            health.answered(now, probe=probe)
        elif what == "w":
            health.saturated(now, wait_s)
        else:
            health.seen(now, up=what == "u")
    assert health.admits(now + EJECTED_S_MAX)
