"""`antiphon campaigns`, against a gateway."""

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
VARIANTS = ("--variant", "plain", "--variant", "warm temperature=0.9 weight=3")


@pytest.fixture
def ask(run: Callable[..., Any], tmp_path: Path) -> Iterator[Ask]:
    """Runs a command of the group against a gateway with one project."""
    key = mint("test")
    settings = Settings(data_dir=tmp_path / "data", projects=(ProjectSettings(key="support"),))
    with gateway_in_thread(settings, key) as base_url:
        yield lambda *words: run("campaigns", *words, "--base-url", base_url, "--key", key)


def test_the_life_of_a_campaign(ask: Ask) -> None:
    """Made, started, changed, paused, stopped, archived."""
    made = json.loads(ask("create", "tone", "--project", "support", *VARIANTS, "--json").out)
    assert (made["key"], made["status"]) == ("tone", "draft")
    assert json.loads(ask("start", "tone", "--json").out)["status"] == "running"
    changed = json.loads(ask("change", made["id"], "--share", "0.5", "--weight", "plain=2", "--json").out)
    assert (changed["share"], [one["weight"] for one in changed["variants"]]) == (0.5, [2, 3])
    for step, status in (("pause", "paused"), ("stop", "stopped"), ("archive", "archived")):
        assert json.loads(ask(step, "tone", "--json").out)["status"] == status
    assert json.loads(ask("list", "--json").out)["data"] == []
    assert json.loads(ask("show", "tone", "--json").out)["status"] == "archived"
    (listed,) = json.loads(ask("list", "--archived", "--project", "support", "--json").out)["data"]
    assert listed["key"] == "tone"


def test_people_see_tables(ask: Ask) -> None:
    """One line a campaign, and one line a variant; a bare `campaigns` lists them."""
    shown = ask("create", "tone", "--project", "support", *VARIANTS, "--goal", "measure:latency_ms", "--start").out
    lines = [line.split() for line in shown.splitlines()]
    assert ["status", "running"] in lines
    assert ["warm", "-", "3"] in lines
    for words in (("list",), ()):
        lines = [line.split() for line in ask(*words).out.splitlines()]
        assert lines[0] == ["CAMPAIGN", "STATUS", "SHARE", "VARIANTS", "GOALS"]
        assert lines[1] == ["tone", "running", "1", "plain", "warm", "latency_ms"]
    assert ["ended", "by_hand"] in [line.split() for line in ask("stop", "tone").out.splitlines()]


def test_a_refusal_is_told(ask: Ask) -> None:
    """In the gateway's own words; what says nothing is not even sent."""
    refused = ask("start", "never")
    assert refused.code == 1
    assert "campaign: the campaign 'never' does not exist. (status 404)" in refused.notes
    assert ask("change", "never").code == 2
