"""`antiphon simulate`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from antiphon.cli.app import main


def test_policies_are_compared(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """A row for each, the trace, and a picture."""
    plot = tmp_path / "plot.svg"
    assert main(["simulate", "--nodes", "6", "--requests", "40", "--plot", str(plot)]) == 0
    shown = capsys.readouterr().out
    assert [name for name in ("antiphon", "least-loaded", "round-robin", "prefix-only") if name not in shown] == []
    assert "Seed 1;" in shown
    assert plot.read_text("utf-8").startswith("<svg")


def test_one_policy_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    """One object, the same each time."""
    words = ["simulate", "--nodes", "6", "--requests", "40", "--policy", "antiphon", "--json"]
    assert main(words) == 0
    first = json.loads(capsys.readouterr().out)
    assert [policy["policy"] for policy in first["policies"]] == ["antiphon"]
    assert main(words) == 0
    assert json.loads(capsys.readouterr().out) == first


def test_a_search_tells_what_it_has_seen(capsys: pytest.CaptureFixture[str]) -> None:
    """One object for each seed."""
    assert main(["simulate", "--search", "--seed", "5", "--seeds", "1", "--json"]) in {0, 1}
    shown = json.loads(capsys.readouterr().out)
    assert (shown["seed"], shown["requests"] > 300) == (5, True)
