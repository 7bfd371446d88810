"""`antiphon campaigns report`, against a gateway."""

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
CREATE = ("create", "tone", "--project", "support", "--variant", "plain", "--variant", "warm")


@pytest.fixture
def ask(run: Callable[..., Any], tmp_path: Path) -> Iterator[Ask]:
    """Runs a command of the group against a gateway with one campaign."""
    key = mint("test")
    settings = Settings(data_dir=tmp_path / "data", projects=(ProjectSettings(key="support"),))
    with gateway_in_thread(settings, key) as base_url:

        def asked(*words: str) -> Any:  # Any: what the command came to
            return run("campaigns", *words, "--base-url", base_url, "--key", key)

        assert asked(*CREATE, "--goal", "measure:latency_ms", "--start").code == 0
        yield asked


def test_a_report_is_printed_or_drawn(ask: Ask, tmp_path: Path) -> None:
    """As text, as JSON, and into a file."""
    assert ask("report", "tone").out.startswith("tone (tone): running\nToo few values yet to decide anything.\n")
    assert json.loads(ask("report", "tone", "--json").out)["verdict"]["status"] == "warming_up"
    place = tmp_path / "tone.svg"
    assert ask("report", "tone", "--picture", str(place)).out == ""
    assert place.read_text().startswith("<svg ")


def test_a_refusal_is_told(ask: Ask, tmp_path: Path) -> None:
    """In the gateway's own words; a file that cannot be written by its name."""
    refused = ask("report", "never")
    assert refused.code != 0
    assert "campaign 'never' does not exist" in refused.notes
    nowhere = ask("report", "tone", "--picture", str(tmp_path / "no" / "tone.svg"))
    assert nowhere.code != 0
    assert "cannot be written" in nowhere.notes
