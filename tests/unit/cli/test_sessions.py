"""`antiphon sessions`, against a gateway."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.unit.cli.kept_gateway import SESSION, kept_gateway

Ask = Callable[..., Any]


@pytest.fixture
def ask(run: Callable[..., Any], tmp_path: Path) -> Iterator[Ask]:
    """Runs a command of the group."""
    with kept_gateway(tmp_path) as (base_url, key):
        yield lambda *words: run("sessions", *words, "--base-url", base_url, "--key", key)


def test_people_see_a_table(ask: Ask) -> None:
    """The newest first; a bare `sessions` lists them; where there are more, it says how to go on."""
    for words in (("list",), ()):
        lines = [line.split() for line in ask(*words).out.splitlines()]
        assert lines[0] == ["SESSION", "TURNS", "FIRST", "LAST"]
        assert lines[1][1:] == ["1", "2026-11-22", "12:00:00", "2026-11-22", "12:00:00"]
        assert lines[2] == [SESSION, "2", "2026-11-20", "12:00:00", "2026-11-21", "12:00:00"]
    part = ask("list", "--limit", "1")
    rest = ask("list", "--after", part.notes.split()[-1], "--json")
    assert [one["session_id"] for one in json.loads(rest.out)["data"]] == [SESSION]


def test_one_is_shown(ask: Ask) -> None:
    """As one conversation for people, turn by turn for scripts."""
    shown = ask("show", SESSION)
    assert [line for line in shown.out.splitlines() if line.startswith("[")] == ["[user]", "[assistant]"] * 2
    assert shown.notes == "2 turns, the last at 2026-11-21 12:00:00\n"
    told = json.loads(ask("show", SESSION, "--json").out)
    assert (told["turns"], [one["completion"]["content"] for one in told["data"]]) == (2, ["Hi there", "Very well"])


def test_one_is_deleted(ask: Ask) -> None:
    """With all its turns."""
    assert (ask("delete", SESSION).code, ask("delete", SESSION).code) == (0, 1)
    gone = ask("show", SESSION)
    assert (gone.code, gone.out) == (1, "")
    assert "has no stored turns" in gone.notes
