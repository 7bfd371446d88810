"""Figures as a table and as JSON."""

from __future__ import annotations

import json

from antiphon.simulation import report
from tests.unit.simulation.test_figures import found


def test_a_row_has_a_cell_for_each_heading() -> None:
    """With units."""
    heading, row = report.rows([found()])
    assert len(heading) == len(row)
    assert dict(zip(heading, row, strict=True))["TTFT p50"] == "1.00 s"


def test_json_has_the_figures_without_single_waits() -> None:
    """It can be written."""
    [shown] = report.as_json([found()])
    assert json.loads(json.dumps(shown))["policy"] == "ours"
    assert "waits_s" not in shown
