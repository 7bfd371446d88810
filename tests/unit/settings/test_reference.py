"""The configuration reference is made from the settings and is fresh."""

from __future__ import annotations

from pathlib import Path

from antiphon.settings.model import Settings
from antiphon.settings.paths import path_text
from antiphon.settings.reference import markdown
from antiphon.settings.schema import Schema

FILE = Path(__file__).parents[3] / "docs" / "reference" / "configuration.md"


def test_the_file_is_fresh() -> None:
    """Whoever changes a setting runs `make docs`."""
    assert FILE.read_text(encoding="utf-8") == markdown(), "run `make docs`"


def test_every_setting_is_in_it() -> None:
    """With its path and its variable."""
    text = markdown()
    for setting in Schema(Settings).settings:
        if path_text(setting.path) not in {"campaigns", "keys", "models", "projects", "tool_providers", "upstreams"}:
            assert f"| `{path_text(setting.path)}` |" in text


def test_rows_have_the_columns_of_their_table() -> None:
    """A stray bar in a text would shift them."""
    rows = [line for line in markdown().splitlines() if line.startswith("|")]
    assert {row.replace("\\|", "").count("|") for row in rows} == {7}


def test_defaults_and_bounds_are_told() -> None:
    """As they are in the structs."""
    row = next(line for line in markdown().splitlines() if "`server.port`" in line and line.startswith("|"))
    assert "| integer | `8000` | 0 to 65,535 | `ANTIPHON_SERVER__PORT` |" in row
