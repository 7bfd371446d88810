"""Tests of tables in Markdown."""

from __future__ import annotations

from antiphon.markdown import table


def test_the_first_row_is_the_head() -> None:
    """A line of dashes stands behind it."""
    assert table([("a", "b"), ("1", "2")]) == "| a | b |\n| --- | --- |\n| 1 | 2 |\n"


def test_a_bar_stays_in_its_cell() -> None:
    """It is escaped."""
    assert table([("a",), ("x|y",)]).splitlines()[-1] == "| x\\|y |"
