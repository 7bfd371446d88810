"""`antiphon models list`."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from antiphon.cli import models
from antiphon.testing.fault_engine import FaultEngine


def test_models_are_listed(run: Callable[..., Any], engine: FaultEngine) -> None:
    """Also those of a server that tells little about them."""
    ran = run("models", "--base-url", engine.url)
    assert ran.code == 0
    assert ran.out.splitlines()[0].split() == ["MODEL", "STATE", "CONTEXT", "INPUT", "PROMPT", "COMPLETION"]
    assert ran.out.splitlines()[1].split() == ["fault-model"]


def test_scripts_get_what_the_gateway_says(run: Callable[..., Any], engine: FaultEngine) -> None:
    """Unchanged."""
    told = json.loads(run("models", "list", "--json", "--base-url", engine.url).out)
    assert told["data"][0]["id"] == "fault-model"


def test_a_row_tells_all() -> None:
    """Prices in USDC for a million tokens."""
    model = {
        "id": "m",
        "state": "warm",
        "context_length": 8192,
        "modalities": ["text", "image"],
        "pricing": {"prompt_micro_usdc_per_mtoken": 150_000, "completion_micro_usdc_per_mtoken": 2_000_000},
    }
    assert models._row(model) == ("m", "warm", "8,192", "text image", "0.15", "2")
