"""`antiphon serve` as far as it is the command's: settings in, announcements out."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from antiphon.gateway import serve as gateway
from antiphon.gateway.announcements import Announce, Announcement
from antiphon.settings.model import Settings


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> list[Settings]:
    """The settings that the gateway was run with; it says that it listens, and ends."""
    seen: list[Settings] = []

    def run(settings: Settings, *, announce: Announce, environ: Mapping[str, str]) -> int:
        assert environ is os.environ
        seen.append(settings)
        announce(Announcement("listening", base_url="http://127.0.0.1:1"))
        return 0

    monkeypatch.setattr(gateway, "run", run)
    return seen


def test_flags_reach_the_gateway(run: Callable[..., Any], served: list[Settings]) -> None:
    """As settings."""
    ran = run("serve", "--port", "9000", "--upstream", "vllm+http://gpu:8000")
    assert ran.code == 0
    assert (served[0].server.port, served[0].upstreams[0].kind) == (9000, "vllm")
    assert "listens on http://127.0.0.1:1/v1" in ran.out


def test_scripts_get_events(run: Callable[..., Any], served: list[Settings]) -> None:
    """One a line."""
    told = json.loads(run("serve", "--json").out)
    assert told == {"event": "listening", "base_url": "http://127.0.0.1:1/v1"}


def test_bad_settings_do_not_start(run: Callable[..., Any], served: list[Settings]) -> None:
    """All mistakes are told, the exit code is 2."""
    ran = run("serve", "--host", "0.0.0.0", "--set", "limits.n_max=3")
    assert ran.code == 2
    assert "server.host (flag --host)" in ran.notes
    assert served == []
