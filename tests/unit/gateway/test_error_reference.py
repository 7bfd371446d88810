"""The reference of errors is made from the errors and is fresh."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from antiphon.completions.doors import DOORS
from antiphon.errors import FINER_CODES, AntiphonError
from antiphon.gateway.error_reference import classes, markdown

REPOSITORY = Path(__file__).parents[3]
FILE = REPOSITORY / "docs" / "reference" / "errors.md"


def row(code: str) -> str:
    """The line of an error's code."""
    return next(line for line in markdown().splitlines() if line.startswith("|") and f"`{code}`" in line)


def given_codes() -> set[tuple[str, str]]:
    """Each code that the sources give to an error in place of its own, with the error's name."""
    return {
        (ast.unparse(node.func), keyword.value.value)
        for path in (REPOSITORY / "src" / "antiphon").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        for keyword in node.keywords
        if keyword.arg == "code" and isinstance(keyword.value, ast.Constant) and isinstance(keyword.value.value, str)
    }


def test_the_file_is_fresh() -> None:
    """Whoever changes an error runs `make docs`."""
    assert FILE.read_text(encoding="utf-8") == markdown(), "run `make docs`"


def test_every_error_is_in_it() -> None:
    """With its status, its type and its meaning."""
    assert list(classes())
    for kind in classes():
        assert str(kind.code) not in FINER_CODES
        line = row(str(kind.code))
        assert line.startswith(f"| {kind.status}")
        assert f"`{kind.type}`" in line
        assert kind().message in line


def test_every_finer_code_has_its_row() -> None:
    """The table of codes holds what the sources give, for the errors to which they give it, and nothing else."""
    assert {(kind.__name__, code) for code, (kind, _) in FINER_CODES.items()} == given_codes()
    assert all(f"`{code}`" in markdown() for code in FINER_CODES)


def test_doors_that_differ_are_named() -> None:
    """Nugen's has a status of its own for what is wrong with a body."""
    assert row("invalid_value").startswith("| 400, Nugen: 422 |")
    assert row("invalid_json").startswith("| 400, Nugen: 422 |")
    assert row("unavailable").startswith("| 503 |")


@pytest.mark.parametrize("kind", list(classes()), ids=lambda kind: kind.__name__)
def test_what_clients_do_next_is_told(kind: type[AntiphonError]) -> None:
    """Whether to try again, and when."""
    cells = [cell.strip() for cell in row(str(kind.code)).split("|")]
    assert (cells[5] == "`false`") is (kind.retryable is False)
    assert (cells[4] == "1 to 60 s") is (kind.status in (429, 503))


def test_every_door_shows_its_bodies() -> None:
    """As JSON, and at the doors that know it as text."""
    text = markdown()
    for door in DOORS:
        assert f"| `{door.prefix}` | any other | `{{" in text
        assert f"| `{door.prefix}` | `data: {{" in text
        assert (f"| `{door.prefix}` | the same for whoever wants text |" in text) is (door.errors == "openai")
