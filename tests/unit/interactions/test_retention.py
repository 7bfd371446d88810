"""How long interactions are kept."""

from __future__ import annotations

import pytest

from antiphon.interactions.retention import DAY_MS, Retention
from antiphon.projects.model import Project

NOW_MS = 1_700_000_000_000


@pytest.mark.parametrize(
    ("days", "own", "expected"),
    [(30, None, 30), (30, 7, 7), (30, 0, None), (0, None, None), (0, 7, 7)],
)
def test_a_project_goes_before_the_gateway(days: int, own: int | None, expected: int | None) -> None:
    """Where it says something; 0 is for ever."""
    project = Project("id", "p", "P", keep_days=own)
    cut_off = None if expected is None else NOW_MS - expected * DAY_MS
    assert Retention(days).cut_off_ms(project, NOW_MS) == cut_off


def test_what_has_no_project_is_kept_as_the_gateway_says() -> None:
    """And so is what a project left that is gone."""
    assert Retention(2).cut_off_ms(None, NOW_MS) == NOW_MS - 2 * DAY_MS
