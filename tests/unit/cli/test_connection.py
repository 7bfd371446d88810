"""From flags to a client."""

from __future__ import annotations

from pathlib import Path

import pytest

from antiphon.cli.connection import ConnectionFlags, connect, find_endpoint
from antiphon.testing.fault_engine import FaultEngine


def test_flags_and_environment_lead_to_an_endpoint(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Flags first."""
    monkeypatch.setenv("OPENAI_BASE_URL", "https://a.example/v1")
    assert find_endpoint(ConnectionFlags(key="k")).base_url == "https://a.example/v1"
    assert find_endpoint(ConnectionFlags(base_url="https://b.example/v1")).base_url == "https://b.example/v1"


def test_a_client_talks_to_it(place: Path, engine: FaultEngine) -> None:
    """The one that the flags name."""
    assert connect(ConnectionFlags(base_url=engine.url)).get("/models").status == 200
