"""`antiphon top` against a real gateway, and against one that shows nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from antiphon.accounts.keys import mint
from antiphon.settings.model import Settings
from tests.unit.cli.gateway_thread import gateway_in_thread
from tests.unit.cli.scripted_gateway import Answer, scripted

Run = Callable[..., Any]
QUICK = ("top", "--once", "--every", "0.2", "--base-url")


def test_a_gateway_is_shown(run: Run, place: Path) -> None:
    """For people and for scripts."""
    key = mint("test")
    with gateway_in_thread(Settings(data_dir=place / "data"), key) as base_url:
        ran = run(*QUICK, base_url, "--key", key)
        assert ran.code == 0
        assert ran.out.startswith(f"antiphon top   {base_url.removesuffix('/v1')}   unavailable")
        assert "MODEL" in ran.out
        told = json.loads(run(*QUICK, base_url, "--key", key, "--json").out)
    assert told["in_flight"] >= 1
    assert told["nodes"] == []


def test_metrics_that_are_not_shown(run: Run, place: Path) -> None:
    """The gateway's own sentence."""
    with scripted(Answer(403, {"error": {"message": "This takes another key."}})) as gateway:
        ran = run(*QUICK, gateway.base_url)
    assert ran.code == 1
    assert "This takes another key." in ran.notes
