"""The commands that the console names, where it has nothing to show, are ours and parse."""

from __future__ import annotations

import re
import shlex

import pytest
from cyclopts import CycloptsError

from antiphon.cli.app import build, with_default
from antiphon.cli.commands import COMMANDS

from .pages import REPOSITORY

STATIC = REPOSITORY / "src" / "antiphon" / "console" / "static"
COMMAND = re.compile(r'"antiphon ([^"]+)"|`antiphon ([^`]+)`')
NAMES = {command.words for command in COMMANDS}


def named() -> list[tuple[str, str]]:
    """Each with the module that has it; what a module puts in is a word."""
    found = []
    for module in sorted(STATIC.rglob("*.js")):
        for quoted, written in COMMAND.findall(module.read_text(encoding="utf-8")):
            text = re.sub(r"\$\{[^}]*\}", "x", quoted or written).replace("\\\\\n", " ")
            found.append((module.name, " ".join(text.split())))
    return found


@pytest.mark.parametrize(("module", "command"), named())
def test_named_commands_are_good(module: str, command: str) -> None:
    """A name alone is one of ours; a whole line parses, flags and values and all."""
    words = shlex.split(command)
    if tuple(words) in NAMES:
        return
    try:
        build().parse_args(with_default(words), exit_on_error=False, print_error=False)
    except CycloptsError as error:
        pytest.fail(f"{module}: antiphon {command}: {error}")


def test_commands_are_found() -> None:
    """On the pages that say what to do next."""
    assert {"keys.js", "nodes.js", "campaigns.js", "models.js", "balance.js"} <= {module for module, _ in named()}
