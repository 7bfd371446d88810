"""The reference of commands, made from the table of commands and from their flags.

`python -m antiphon.cli.command_reference FILE` writes it; a test fails when the file in `docs/` is not what this module
writes.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import fields
from datetime import datetime
from pathlib import Path
from textwrap import fill
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

from cyclopts import App
from cyclopts.argument import Argument, ArgumentCollection

from antiphon.cli.app import build
from antiphon.cli.command import Command
from antiphon.cli.commands import COMMANDS, DEFAULTS, GROUPS
from antiphon.cli.connection import ConnectionFlags
from antiphon.cli.flags import SettingFlags, flag_name
from antiphon.markdown import table

INTRODUCTION = """\
# Commands

<!-- Made by `make docs` from src/antiphon/cli; do not edit. -->

`antiphon COMMAND --help` has the same. `python -m antiphon` is the same program. Exit codes: 0 done; 1 it failed, or a
check found something; 2 wrong usage or configuration; 130 interrupted. `--json` prints JSON for scripts.
"""
LINE_CHARACTERS = 120
SHARED_TITLES: dict[type, str] = {
    SettingFlags: "Flags that set settings",
    ConnectionFlags: "Flags that find the gateway",
}
SHARED_WORDS: dict[type, str] = {
    SettingFlags: "They win over the environment, which wins over the file ([every setting](configuration.md)).",
    ConnectionFlags: "For the commands that ask a running gateway, this machine's own unless they are told otherwise.",
}
TYPES: dict[object, str] = {
    str: "text",
    int: "whole number",
    float: "number",
    Path: "file",
    datetime: "time, UTC",
    bool: "–",
}


def markdown() -> str:
    """The whole reference."""
    app = build()
    parts = [INTRODUCTION, table(_overview()), *_shared(app), *_chapters(app)]
    return "\n".join(parts)


def _overview() -> Iterator[tuple[str, str]]:
    yield "command", "what it does"
    for command in COMMANDS:
        yield f"[`{_words(command)}`](#{_words(command).replace(' ', '-')})", _first_line(command)


def _shared(app: App) -> Iterator[str]:
    """Each set of flags that many commands have, once."""
    for flags, title in SHARED_TITLES.items():
        words = next(c.words for c in COMMANDS if flags in _sets(_arguments(app, c)))
        command = next(c for c in COMMANDS if c.words == words)
        names = _names(flags)
        rows = [_row(one) for one in _arguments(app, command) if one.name in names]
        yield f"## {title}\n\n{SHARED_WORDS[flags]}\n"
        yield table([("flag", "takes", "meaning"), *rows])


def _chapters(app: App) -> Iterator[str]:
    """The commands by themselves, then those of each group."""
    alone = [command for command in COMMANDS if len(command.words) == 1]
    yield "## Commands by themselves\n"
    yield from (part for command in alone for part in _chapter(app, command))
    for group, words in GROUPS.items():
        default = DEFAULTS.get(group)
        same = f" `antiphon {group}` alone is `antiphon {group} {default}`." if default else ""
        yield f"## {group.capitalize()}\n\n{_wrapped(words + same)}\n"
        inside = [command for command in COMMANDS if command.words[0] == group and len(command.words) > 1]
        yield from (part for command in inside for part in _chapter(app, command))


def _chapter(app: App, command: Command) -> Iterator[str]:
    arguments = _arguments(app, command)
    shared = _sets(arguments)
    hidden = {name for flags in shared for name in _names(flags)}
    rows = [_row(one) for one in arguments if one.show and one.name not in hidden]
    yield f"### `{_words(command)}`\n\n{_wrapped(command.help)}\n"
    if rows:
        yield table([("argument", "takes", "meaning"), *rows])
    for flags in shared:
        title = SHARED_TITLES[flags]
        yield f"And the [{title[0].lower()}{title[1:]}](#{title.lower().replace(' ', '-')}).\n"
    if command.examples:
        yield "```text\n" + "\n".join(command.examples) + "\n```\n"


def _arguments(app: App, command: Command) -> ArgumentCollection:
    part = app
    for word in command.words:
        part = part[word]
    return part.assemble_argument_collection(parse_docstring=True)


def _sets(arguments: ArgumentCollection) -> list[type]:
    """The shared sets among the arguments."""
    return [one.hint for one in arguments if one.hint in SHARED_TITLES]


def _names(flags: type[Any]) -> frozenset[str]:
    """What the flags of a set are called."""
    return frozenset(flag_name(field.name) for field in fields(flags))


def _row(argument: Argument) -> tuple[str, str, str]:
    name = argument.name if argument.required or argument.index is None else f"[{argument.name}]"
    return f"`{name}`", _takes(argument.hint), " ".join((argument.parameter.help or "").split())


def _takes(hint: Any) -> str:
    """What stands behind a flag; the hint is whatever its function says."""
    if get_origin(hint) is Literal:
        return ", ".join(f"`{value}`" for value in get_args(hint))
    if get_origin(hint) in (Union, UnionType):
        return " or ".join(_takes(one) for one in get_args(hint) if one is not NoneType)
    if get_origin(hint) is tuple:
        return _takes(get_args(hint)[0])
    return TYPES[hint]


def _words(command: Command) -> str:
    return "antiphon " + " ".join(command.words)


def _wrapped(text: str) -> str:
    """The paragraphs, in lines that fit a screen."""
    return "\n\n".join(fill(part, LINE_CHARACTERS, break_on_hyphens=False) for part in text.split("\n\n"))


def _first_line(command: Command) -> str:
    return command.help.partition("\n")[0]


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(markdown(), encoding="utf-8")
