"""Checks of engine library, model files and upstreams."""

from __future__ import annotations

import socket

import pytest

from antiphon.cli import model_checks
from antiphon.settings.secret import Secret
from antiphon.settings.serving import UpstreamModel, UpstreamSettings
from antiphon.testing.fault_engine import FaultEngine
from antiphon.testing.faults import Fault


def test_a_library_that_loads_is_good(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its version is told."""
    monkeypatch.setattr(model_checks, "ENGINE_LIBRARY", "msgspec")
    finding = model_checks.engine_library()
    assert finding.status == "ok"
    assert finding.found.startswith("msgspec 0.")


def test_a_library_that_is_missing_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the reason and how to install it."""
    monkeypatch.setattr(model_checks, "ENGINE_LIBRARY", "no_such_library")
    finding = model_checks.engine_library()
    assert finding.status == "fail"
    assert "No module named 'no_such_library'" in finding.found
    assert "pip install" in finding.advice


def test_an_upstream_that_answers_is_good(engine: FaultEngine) -> None:
    """Its models are told; with and without /v1."""
    for url in (engine.url, engine.url.removesuffix("/v1")):
        finding = model_checks.upstream(UpstreamSettings(url=url, api_key=Secret("k")))
        assert (finding.status, finding.found) == ("ok", "offers fault-model")


def test_a_model_that_is_not_there_is_told(engine: FaultEngine) -> None:
    """By the name that the upstream should know."""
    models = (UpstreamModel(name="fault-model"), UpstreamModel(name="x", upstream_name="missing"))
    finding = model_checks.upstream(UpstreamSettings(url=engine.url, models=models))
    assert finding.status == "warn"
    assert "missing" in finding.found


@pytest.mark.parametrize(
    ("fault", "named", "status"),
    [
        (Fault("status", status=401, route="models"), (), "fail"),
        (Fault("status", status=404, route="models"), (), "fail"),
        (Fault("status", status=404, route="models"), (UpstreamModel(name="a"),), "warn"),
        (Fault("empty_body", route="models"), (), "fail"),
    ],
)
def test_an_upstream_that_refuses_is_told(
    engine: FaultEngine, fault: Fault, named: tuple[UpstreamModel, ...], status: str
) -> None:
    """What to do depends on what it said."""
    engine.always(fault)
    finding = model_checks.upstream(UpstreamSettings(url=engine.url, models=named or None))
    assert finding.status == status
    assert finding.advice


def test_an_upstream_that_is_down_is_told() -> None:
    """Nothing listens on this port."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        finding = model_checks.upstream(UpstreamSettings(url=f"http://127.0.0.1:{taken.getsockname()[1]}"))
    assert finding.status == "fail"
    assert "Connection refused" in finding.found
