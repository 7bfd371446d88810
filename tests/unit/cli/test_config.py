"""`antiphon config`."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from antiphon.settings.model import Settings
from antiphon.settings.paths import path_text
from antiphon.settings.schema import Schema


def test_it_shows_what_won(run: Callable[..., Any], place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Value and source of each setting."""
    (place / "antiphon.yaml").write_text("server: {port: 1, drain_s: 5}\n")
    monkeypatch.setenv("ANTIPHON_SERVER__ERRORS", "json")
    lines = [line.split(maxsplit=2) for line in run("config", "--port", "2").out.splitlines()]
    assert ["server.port", "2", "flag --port"] in lines
    assert ["server.drain_s", "5.0", "file antiphon.yaml"] in lines
    assert ["server.errors", '"json"', "environment ANTIPHON_SERVER__ERRORS"] in lines
    assert ["server.keep_alive_s", "75.0", "default"] in lines


def test_every_setting_is_shown(run: Callable[..., Any]) -> None:
    """Those of items only where there are items."""
    told = json.loads(run("config", "show", "--json").out)
    shown = {row["path"] for row in told["settings"]}
    expected = {path_text(setting.path) for setting in Schema(Settings).settings if "[]" not in setting.path}
    assert shown >= expected - {"models"}
    assert told["file"] is None


def test_changed_leaves_out_defaults(run: Callable[..., Any]) -> None:
    """Only what somebody said remains."""
    told = json.loads(run("config", "--changed", "--json", "--port", "2", "--model", "a=b.gguf").out)
    assert {row["path"] for row in told["settings"]} == {"server.port", "models[0].name", "models[0].reference"}


def test_secrets_are_hidden(run: Callable[..., Any], place: Path) -> None:
    """In both forms."""
    (place / "antiphon.yaml").write_text("keys: [{name: a, key: s3cret-1}]\nhub: {token: s3cret-2}\n")
    for words in (("config",), ("config", "--json")):
        out = run(*words).out
        assert "s3cret" not in out
        assert '"***"' in out


def test_check_finds_nothing_in_good_settings(run: Callable[..., Any]) -> None:
    """And says so."""
    assert run("config", "check").code == 0
    assert json.loads(run("config", "check", "--json").out) == {"ok": True, "problems": []}


def test_check_tells_every_mistake(run: Callable[..., Any], place: Path) -> None:
    """A line each, or an object each; the exit code is 1."""
    (place / "antiphon.yaml").write_text("server: {prot: 1}\nlimits: {n_max: 0}\n")
    ran = run("config", "check")
    assert ran.code == 1
    assert len(ran.out.splitlines()) == 2
    told = json.loads(run("config", "check", "--json").out)
    assert [problem["path"] for problem in told["problems"]] == ["server.prot", "limits.n_max"]
    assert told["problems"][0]["source"] == "file antiphon.yaml"


def test_show_refuses_bad_settings(run: Callable[..., Any], place: Path) -> None:
    """With the same lines on standard error and exit code 2."""
    (place / "antiphon.yaml").write_text("server: {prot: 1}\n")
    ran = run("config")
    assert ran.code == 2
    assert "did you mean `server.port`?" in ran.notes


def test_path_tells_the_file(run: Callable[..., Any], place: Path) -> None:
    """Or that there is none."""
    assert run("config", "path").code == 1
    (place / "antiphon.toml").touch()
    assert run("config", "path").out.strip() == str(place / "antiphon.toml")
