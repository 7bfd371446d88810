"""The reference of commands is made from the commands and is fresh."""

from __future__ import annotations

from pathlib import Path

import pytest

from antiphon.cli.command_reference import markdown
from antiphon.cli.commands import COMMANDS

FILE = Path(__file__).parents[3] / "docs" / "reference" / "commands.md"


@pytest.fixture(scope="module")
def made() -> str:
    """The reference, made once: it takes every command's flags."""
    return markdown()


def test_the_file_is_fresh(made: str) -> None:
    """Whoever changes a command runs `make docs`."""
    assert FILE.read_text(encoding="utf-8") == made, "run `make docs`"


def test_every_command_has_a_chapter(made: str) -> None:
    """And every row a meaning: a flag that nobody has explained is none that anybody finds."""
    for command in COMMANDS:
        assert made.count(f"### `antiphon {' '.join(command.words)}`\n") == 1
    rows = [line for line in made.splitlines() if line.startswith("| `")]
    assert [row for row in rows if not row.split("|")[-2].strip()] == []


def test_flags_that_many_commands_have_stand_there_once(made: str) -> None:
    """Their chapters lead to them."""
    assert made.count("Address to listen on.") == 1
    assert made.count("(#flags-that-set-settings)") > 5
    assert made.count("(#flags-that-find-the-gateway)") > 20
