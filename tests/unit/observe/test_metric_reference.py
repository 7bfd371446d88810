"""The reference of metrics is made from a scrape and is fresh."""

from __future__ import annotations

from pathlib import Path

from antiphon.models.outcomes import Tally
from antiphon.observe.metric_reference import markdown
from antiphon.observe.metrics import Metrics

FILE = Path(__file__).parents[3] / "docs" / "reference" / "metrics.md"


def test_the_file_is_fresh() -> None:
    """Whoever changes a metric runs `make docs`."""
    assert FILE.read_text(encoding="utf-8") == markdown(), "run `make docs`"


def test_every_metric_of_a_scrape_has_its_row() -> None:
    """With its type and its meaning, those of placement too."""
    metrics = Metrics()
    metrics.watch_placement(Tally())
    shown = [line.split()[2:] for line in metrics.text().decode().splitlines() if line.startswith("# TYPE ")]
    rows = {row.split(" | ")[0].strip("| `"): row for row in markdown().splitlines() if row.startswith("| `")}
    assert set(rows) == {name for name, _ in shown if not name.endswith("_created")}
    assert all(f"| {kind} |" in rows[name] for name, kind in shown if name in rows)
    assert "antiphon_retries_total" in rows
