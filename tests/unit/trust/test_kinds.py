"""The kinds of checks: each has its test and its words."""

from __future__ import annotations

from typing import get_args

from antiphon.trust.kinds import MEANINGS, TESTS, Kind


def test_every_kind_has_a_test_and_words() -> None:
    """None is left out, and none is there twice."""
    assert set(TESTS) == set(MEANINGS) == set(get_args(Kind))


def test_a_lying_node_fails_more_than_an_honest_one() -> None:
    """Otherwise a test would accuse whoever is honest."""
    assert all(0 < test.honest < test.lying < 1 for test in TESTS.values())
