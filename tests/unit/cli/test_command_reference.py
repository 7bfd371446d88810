"""The reference of commands is made from the commands and is fresh."""

from __future__ import annotations

from pathlib import Path

import pytest

from antiphon.cli.app import build
from antiphon.cli.command import Command
from antiphon.cli.command_reference import markdown
from antiphon.cli.commands import COMMANDS

FILE = Path(__file__).parents[3] / "docs" / "reference" / "commands.md"


def test_the_file_is_fresh() -> None:
    """Whoever changes a command runs `make docs`."""
    assert FILE.read_text(encoding="utf-8") == markdown(), "run `make docs`"


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: "-".join(command.words))
def test_every_command_has_a_chapter_with_its_flags(command: Command) -> None:
    """Each flag with its meaning stands there, or in one of the sets that many commands have."""
    text = markdown()
    words = " ".join(command.words)
    chapter = text.partition(f"### `antiphon {words}`\n")[2].partition("\n### ")[0]
    assert chapter
    part = build()
    for word in command.words:
        part = part[word]
    shared = text.partition("## Commands by themselves")[0]
    for argument in part.assemble_argument_collection(parse_docstring=True):
        if argument.show:
            row = next(
                line
                for line in (chapter + shared).splitlines()
                if f"| `{argument.name}` |" in line.replace("[", "").replace("]", "")
            )
            assert row.split("|")[3].strip(), argument.name


def test_flags_that_many_commands_have_stand_there_once() -> None:
    """Their chapters lead to them."""
    text = markdown()
    assert text.count("Address to listen on.") == 1
    assert text.count("(#flags-that-set-settings)") > 5
    assert text.count("(#flags-that-find-the-gateway)") > 20
