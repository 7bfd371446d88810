"""`antiphon projects`, against a gateway."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from antiphon.accounts.keys import mint
from antiphon.settings.model import Settings
from antiphon.settings.projects import ProjectSettings
from tests.unit.cli.gateway_thread import gateway_in_thread

Ask = Callable[..., Any]


@pytest.fixture
def ask(run: Callable[..., Any], tmp_path: Path) -> Iterator[Ask]:
    """Runs a command of the group against a gateway with one configured project."""
    key = mint("test")
    fixed = ProjectSettings(key="fixed", models=("a", "b"), default_model="b", system_prompt="Hello\nthere")
    settings = Settings(data_dir=tmp_path / "data", projects=(fixed,))
    with gateway_in_thread(settings, key) as base_url:
        yield lambda *words: run("projects", *words, "--base-url", base_url, "--key", key)


def test_the_life_of_a_project(ask: Ask) -> None:
    """Made, changed, listed, deleted."""
    made = json.loads(ask("create", "support", "--name", "Support", "--default-model", "m", "--json").out)
    assert (made["key"], made["default_model"], made["models"]) == ("support", "m", [])
    changed = json.loads(ask("update", "support", "--model", "m", "--model", "n", "--json").out)
    assert changed == {**made, "models": ["m", "n"], "updated_at_ms": changed["updated_at_ms"]}
    emptied = json.loads(ask("update", made["id"], "--unset", "models", "--unset", "default_model", "--json").out)
    assert (emptied["models"], emptied["default_model"], emptied["name"]) == ([], None, "Support")
    listed = json.loads(ask("list", "--json").out)["data"]
    assert [project["key"] for project in listed] == ["fixed", "support", "default"]
    assert ask("delete", "support").code == 0
    gone = ask("show", "support")
    assert (gone.code, gone.out) == (1, "")
    assert "The project 'support' does not exist." in gone.notes


def test_people_see_a_table(ask: Ask) -> None:
    """One line a project; a bare `projects` lists them."""
    for words in (("list",), ()):
        lines = [line.split() for line in ask(*words).out.splitlines()]
        assert lines[0] == ["PROJECT", "DEFAULT", "MODEL", "MODELS", "PROMPT", "FROM"]
        assert lines[1] == ["fixed", "b", "a", "b", "11", "characters", "config"]
        assert lines[2] == ["default", "all", "built-in"]


def test_people_see_a_project(ask: Ask) -> None:
    """Each field on a line of its own."""
    lines = {words[0]: words[-1] for line in ask("show", "fixed").out.splitlines() if (words := line.split(maxsplit=1))}
    assert lines["system_prompt"] == "Hello\\nthere"
    assert lines["models"] == '["a", "b"]'
    assert lines["store"] == "-"
    assert lines["origin"] == "config"


def test_a_refusal_is_told(ask: Ask) -> None:
    """In the gateway's own words."""
    refused = ask("update", "fixed", "--name", "x")
    assert refused.code == 1
    assert "in the configuration: it is changed there. (status 409)" in refused.notes
    wrong = ask("create", "a/b")
    assert "key: expected" in wrong.notes
