"""The conversation at a terminal."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import pytest

from antiphon.cli.client import Client
from antiphon.cli.conversation import Conversation
from antiphon.cli.endpoint import Endpoint
from antiphon.cli.output import Output
from antiphon.cli.terminal import converse, read_line_with_history
from antiphon.clock import SystemClock
from antiphon.testing.fault_engine import FaultEngine
from antiphon.testing.faults import Fault

Typed = str | type[BaseException]


class Session:
    """A person who types these lines, and what they saw."""

    def __init__(self, engine: FaultEngine, *typed: Typed) -> None:
        self.out, self.notes = io.StringIO(), io.StringIO()
        client = Client(Endpoint(engine.url, None), read_timeout_s=2.0)
        self.talk = Conversation(client, SystemClock(), model="fault-model", options={})
        lines = iter(typed)

        def read_line(_: str) -> str:
            line = next(lines, EOFError)
            if isinstance(line, str):
                return line
            raise line

        output = Output(out=self.out, notes=self.notes)
        self.code = converse(self.talk, client, output, read_line)


def test_lines_are_answered_until_the_end(engine: FaultEngine) -> None:
    """Ctrl-D leaves; empty lines ask nothing."""
    session = Session(engine, "one", "", "two")
    assert session.code == 0
    assert len(engine.requests) == 2
    assert session.out.getvalue().strip()


@pytest.mark.parametrize("leave", ["/exit", "/quit", KeyboardInterrupt, EOFError])
def test_there_are_ways_to_leave(engine: FaultEngine, leave: Typed) -> None:
    """Commands, Ctrl-C at the prompt, Ctrl-D."""
    assert Session(engine, leave, "not asked").code == 0
    assert engine.requests == []


def test_clear_and_system(engine: FaultEngine) -> None:
    """They change what the next question comes with."""
    Session(engine, "one", "/system Be brief.", "/clear", "two", "/system", "three")
    bodies = [exchange.body for exchange in engine.requests]
    roles = [[message["role"] for message in body["messages"]] for body in bodies if isinstance(body, dict)]
    assert roles == [["user"], ["system", "user"], ["user", "assistant", "user"]]


def test_the_models_are_listed(engine: FaultEngine) -> None:
    """The one that answers is marked."""
    assert "* fault-model" in Session(engine, "/model").notes.getvalue()


@pytest.mark.parametrize("line", ["/help", "/what"])
def test_help_lists_the_commands(engine: FaultEngine, line: str) -> None:
    """Also when a command does not exist."""
    notes = Session(engine, line).notes.getvalue()
    assert "/system TEXT" in notes
    assert ("There is no command /what" in notes) == (line == "/what")


def test_a_failure_does_not_end_it(engine: FaultEngine) -> None:
    """It is told, and the next line is answered."""
    engine.push(Fault("status", status=500))
    session = Session(engine, "one", "/model unknown", "two")
    assert session.code == 0
    assert session.notes.getvalue().count("antiphon: ") == 2
    assert session.out.getvalue().strip()


def test_lines_are_kept_for_the_next_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a file that only its owner reads."""
    readline = pytest.importorskip("readline", reason="this Python has no readline")
    readline.clear_history()
    monkeypatch.setattr("builtins.input", _typing("first", readline.add_history))
    kept = tmp_path / "deep" / "history"
    assert read_line_with_history(kept)("> ") == "first"
    assert "first" in kept.read_text()
    assert kept.stat().st_mode & 0o077 == 0


def test_without_a_place_for_history_lines_still_work(tmp_path: Path) -> None:
    """Plain input is used."""
    (tmp_path / "file").touch()
    assert read_line_with_history(tmp_path / "file" / "history") is input


def _typing(line: str, remember: Callable[[str], None]) -> Callable[[str], str]:
    def typed(_: str) -> str:
        remember(line)
        return line

    return typed
