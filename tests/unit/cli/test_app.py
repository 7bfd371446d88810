"""The table of commands: what is there, what it answers, how it ends."""

from __future__ import annotations

import importlib
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

from antiphon import __version__
from antiphon.cli import app
from antiphon.cli.command import Command
from antiphon.cli.commands import COMMANDS
from antiphon.errors import BadRequest, ConfigError

WORDS = [command.words for command in COMMANDS]


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: " ".join(command.words))
def test_every_row_leads_to_a_documented_function(command: Command) -> None:
    """Its target exists and has a sentence."""
    module, _, name = command.target.partition(":")
    assert getattr(importlib.import_module(module), name).__doc__


@pytest.mark.parametrize("words", WORDS, ids=" ".join)
def test_every_command_has_help(run: Callable[..., Any], words: tuple[str, ...]) -> None:
    """With its parameters; `--help` never fails."""
    ran = run(*words, "--help")
    assert ran.code == 0
    assert f"antiphon {' '.join(words)}" in ran.out


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: " ".join(command.words))
def test_examples_name_their_command(command: Command) -> None:
    """An example of another command would mislead."""
    for example in command.examples:
        assert f"antiphon {command.words[0]}" in example


def test_the_version_is_told(run: Callable[..., Any]) -> None:
    """By flag."""
    assert run("--version").out.strip() == __version__


def test_help_names_the_exit_codes(run: Callable[..., Any]) -> None:
    """Scripts depend on them."""
    assert "Exit codes: 0 done" in run("--help").out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("srve",), 'Did you mean "serve"?'),
        (("serve", "--prot", "1"), "Did you mean --port?"),
        (("serve", "--port", "many"), "--port"),
        (("config", "--set", "no-path"), "takes path=value"),
        (("config", "--config", "none.yaml"), "cannot be read"),
        (("models", "pull"), "REFERENCE"),
    ],
)
def test_wrong_usage_ends_with_2(run: Callable[..., Any], words: tuple[str, ...], message: str) -> None:
    """And says what was wrong on standard error."""
    ran = run(*words)
    assert ran.code == 2
    assert message in ran.notes


@pytest.mark.parametrize(
    ("raised", "code"),
    [(ConfigError("bad"), 2), (BadRequest("bad"), 1), (KeyboardInterrupt(), 130), (SystemExit(3), 3), (None, 0)],
)
def test_how_it_ends_is_its_exit_code(monkeypatch: pytest.MonkeyPatch, raised: BaseException | None, code: int) -> None:
    """Each kind of end has one."""

    def command(_: list[str]) -> None:
        if raised is not None:
            raise raised

    monkeypatch.setattr(app, "build", lambda: command)
    assert app.main(["x"]) == code


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        (["config"], ["config", "show"]),
        (["config", "--json"], ["config", "show", "--json"]),
        (["config", "--help"], ["config", "--help"]),
        (["config", "check"], ["config", "check"]),
        (["models"], ["models", "list"]),
        (["keys"], ["keys", "list"]),
        ([], []),
    ],
)
def test_a_bare_group_stands_for_a_command(words: list[str], meant: list[str]) -> None:
    """The one that people want most."""
    assert app.with_default(words) == meant


def test_commands_are_imported_only_when_called() -> None:
    """`antiphon --version` must not load what it does not need."""
    program = (
        "import sys; from antiphon.cli.app import main; main(['--version']); "
        "print(sorted(name for name in ('msgspec', 'asyncio', 'yaml', 'uvicorn') if name in sys.modules))"
    )
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert told.stdout.splitlines()[-1] == "[]"
