"""Commands, flags and targets that pages name are there; the reference of commands is made from them."""

from __future__ import annotations

import re
import shlex

import pytest
from cyclopts import CycloptsError

from antiphon.cli.app import build, with_default
from antiphon.cli.commands import COMMANDS

from .pages import REPOSITORY, all_blocks, inline_code, pages

FLAG = re.compile(r"(?<![\w-])--[a-z][a-z-]+")
TARGET = re.compile(r"^([a-z][a-z-]*):", re.MULTILINE)
MAKE = re.compile(r"^make ([a-z][a-z-]*)", re.MULTILINE)
# Flags of other programs that pages show.
FOREIGN = {
    "--enable-auto-tool-choice", "--tool-call-parser", "--reasoning-parser", "--enable-strict-thinking", "--model-path",
    "--jinja", "--runner", "--is-embedding", "--embeddings", "--list", "--help", "--api-key", "--served-model-name",
    "--shutdown-timeout", "--enable-prompt-tokens-details", "--enable-cache-report", "--profile",
    "--chaos", "--ubatch-size",
}  # fmt: skip


def shown_commands() -> list[tuple[str, str]]:
    """Every command line of ours in a block, with its place."""
    found = []
    for block in all_blocks():
        if block.language != "sh":
            continue
        for line in block.text.replace("\\\n", " ").splitlines():
            command = re.split(r"(?<= )[|&]|\$\(", line)[0]
            words = command.partition("antiphon ")
            if words[1] and re.fullmatch(r"(\w+=\S+ )*", words[0]):
                found.append((block.place, words[2]))
    return found


@pytest.mark.parametrize(("place", "command"), shown_commands())
def test_shown_commands_are_good(place: str, command: str) -> None:
    """They parse, flags and values and all."""
    words = with_default(shlex.split(re.sub(r"\$\w+|\$\{[^}]*\}", "x", command)))
    try:
        build().parse_args(words, exit_on_error=False, print_error=False)
    except CycloptsError as error:
        pytest.fail(f"{place}: antiphon {command}: {error}")


def known_flags() -> set[str]:
    """The flags of all commands."""
    app = build()
    found: set[str] = set()
    for command in COMMANDS:
        part = app
        for word in command.words:
            part = part[word]
        found |= {name for argument in part.assemble_argument_collection() for name in argument.names}
    return {name for name in found if name.startswith("--") and not name.startswith(("--no-", "--empty-"))} | {
        "--no-model"
    }


def test_flags_in_text_are_there() -> None:
    """A flag between backticks belongs to one of our commands."""
    named = {(page.name, flag) for page in pages() for code in inline_code(page) for flag in FLAG.findall(code)}
    known = known_flags() | FOREIGN
    assert {one for one in named if one[1] not in known} == set()


def test_targets_of_make_are_there() -> None:
    """Each `make X` of the pages is a target of the Makefile."""
    targets = set(TARGET.findall((REPOSITORY / "Makefile").read_text(encoding="utf-8")))
    named = {(page.name, one) for page in pages() for one in MAKE.findall("\n".join(inline_code(page)))}
    named |= {(b.place, one) for b in all_blocks() if b.language in {"sh", "text"} for one in MAKE.findall(b.text)}
    assert {one for one in named if one[1] not in targets} == set()
