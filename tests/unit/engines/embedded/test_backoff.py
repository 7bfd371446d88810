"""The waits between starts: doubling, capped, spread out, forgotten after good running."""

from __future__ import annotations

from random import Random

import pytest

from antiphon.engines.embedded.backoff import Backoff, BackoffLimits

LIMITS = BackoffLimits()
SEED = 20_261_121


def backoff(limits: BackoffLimits = LIMITS) -> Backoff:
    """A backoff whose waits repeat."""
    return Backoff(limits, Random(SEED))


def test_waits_double_up_to_the_cap() -> None:
    """Each wait lies between half and the whole of 0.2 s, 0.4 s, 0.8 s and so on, never above 10 s."""
    waits = backoff()
    for number in range(12):
        whole = min(LIMITS.first_s * 2**number, LIMITS.cap_s)
        assert whole / 2 <= waits.ended(1.0) <= whole


def test_good_running_begins_anew() -> None:
    """After 60 s of good running the next wait is a first one."""
    waits = backoff()
    for _ in range(8):
        waits.ended(1.0)
    assert waits.ended(LIMITS.reset_after_s) <= LIMITS.first_s


def test_three_starts_that_never_became_ready_are_a_failure() -> None:
    """From the third on the child counts as failed, and the waits are the longest."""
    waits = backoff()
    seen = []
    for _ in range(4):
        wait_s = waits.ended(None)
        seen.append((waits.failed, wait_s >= LIMITS.cap_s / 2))
    assert seen == [(False, False), (False, False), (True, True), (True, True)]


@pytest.mark.parametrize("ready_for_s", [0.0, 5.0])
def test_a_ready_child_is_no_failure(ready_for_s: float) -> None:
    """A start that became ready, however short, breaks the row of failures."""
    waits = backoff()
    for _ in range(3):
        waits.ended(None)
    waits.became_ready()
    waits.ended(ready_for_s)
    assert not waits.failed


def test_waits_are_spread() -> None:
    """Two gateways that lose their engines at once do not start them at once."""
    first, second = Backoff(LIMITS, Random(1)), Backoff(LIMITS, Random(2))
    assert [first.ended(1.0) for _ in range(5)] != [second.ended(1.0) for _ in range(5)]
