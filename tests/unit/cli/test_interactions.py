"""`antiphon interactions`, against a gateway."""

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
        yield lambda *words: run("interactions", *words, "--base-url", base_url, "--key", key)


def test_people_see_a_table(ask: Ask) -> None:
    """The newest first; a bare `interactions` lists them; where there are more, it says how to go on."""
    for words in (("list",), ()):
        lines = ask(*words).out.splitlines()
        assert lines[0].split() == ["COMPLETION", "TIME", "MODEL", "SESSION", "TOKENS", "ANSWER"]
        assert [line.split()[1:4] for line in lines[1:]] == [
            [f"2026-11-2{number}", "12:00:00", "m"] for number in (2, 1, 0)
        ]
        assert lines[1].endswith("Oh")
    part = ask("list", "--limit", "2")
    assert len(part.out.splitlines()) == 3
    rest = ask("list", "--after", part.notes.split()[-1])
    assert len(rest.out.splitlines()) == 2
    assert rest.notes == ""


def test_flags_choose(ask: Ask) -> None:
    """Scripts get what the gateway says, unchanged."""
    for words, expected in (
        (("--label", "env=prod"), ["Very well", "Hi there"]),
        (("--label", "env=prod", "--until", "2026-11-21"), ["Hi there"]),
        (("--session", SESSION, "--since", "2026-11-21"), ["Very well"]),
        (("--model", "other"), []),
        (("--source", "OFFLINE", "--project", "default", "--limit", "1"), ["Oh"]),
    ):
        found = json.loads(ask("list", *words, "--json").out)
        assert [one["completion"]["content"] for one in found["data"]] == expected


def test_one_is_shown(ask: Ask) -> None:
    """As a conversation for people, in full for scripts; what a stranger wrote moves no cursor."""
    newest = json.loads(ask("list", "--label", "env", "--json").out)["data"][0]
    shown = ask("show", newest["completion_id"])
    assert shown.out.splitlines() == [
        *("[user]", "Hello", ""),
        *("[assistant]", "Hi ?[31mthere", ""),
        *("[user]", "Well?", ""),
        *("[assistant]", "Very well", ""),
    ]
    assert shown.notes == "m, 2026-11-21 12:00:00, 0 tokens\n"
    assert json.loads(ask("show", newest["completion_id"], "--json").out) == newest


def test_they_are_exported(ask: Ask, tmp_path: Path) -> None:
    """The oldest first, to the terminal or to a file, which is there only when it is whole."""
    file = tmp_path / "training.jsonl"
    assert ask("export", "--label", "env=prod", "--out", str(file)).code == 0
    lines = file.read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["messages"][-1]["content"] for line in lines] == ["Hi there", "Very well"]
    assert [path.name for path in tmp_path.glob("training*")] == ["training.jsonl"]
    assert ask("export", "--metric", "helpful").out == ""
    assert ask("export", "--label", "env=prod").out == file.read_text(encoding="utf-8")
    assert ask("export", "--account", "bob").out == ""
    assert ask("export", "--project", "absent", "--out", str(tmp_path / "other")).code == 1
    assert not list(tmp_path.glob("other*"))
    assert ask("export", "--out", str(tmp_path / "absent" / "other")).code == 2


def test_some_are_deleted(ask: Ask) -> None:
    """By their ids, or by flags; never both, and never by saying nothing."""
    ids = [one["completion_id"] for one in json.loads(ask("list", "--json").out)["data"]]
    assert ask("delete", ids[0]).out == "1 deleted\n"
    gone = ask("delete", ids[0])
    assert gone.code == 1
    assert "is not stored" in gone.notes
    assert ask("delete").code == ask("delete", ids[1], "--label", "env").code == 2
    assert json.loads(ask("delete", "--label", "env", "--json").out) == {"deleted": 2}
    assert json.loads(ask("list", "--json").out)["data"] == []
