"""Checks of engine library, model files and upstreams."""

from __future__ import annotations

import socket
from pathlib import Path

import msgspec
import pytest

from antiphon.cli import model_checks
from antiphon.settings.model import Settings
from antiphon.settings.secret import Secret
from antiphon.settings.serving import ModelSettings, UpstreamModel, UpstreamSettings
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


def files(tmp_path: Path, **fields: str) -> dict[str, str]:
    """Check and status of each file of a model."""
    model = msgspec.convert({"name": "m", **fields}, ModelSettings)
    found = model_checks.model_files(model, Settings(data_dir=tmp_path))
    return {finding.check: finding.status for finding in found}


def test_a_file_that_must_be_fetched_is_a_warning(tmp_path: Path) -> None:
    """It will come by itself."""
    assert files(tmp_path, reference="hf:owner/repo/file.gguf") == {"model m": "warn"}


@pytest.mark.parametrize("reference", ["./none.gguf", "nothing-like-it", "hf:x", "http://example.org/x.gguf"])
def test_a_file_that_never_will_be_there_fails(tmp_path: Path, reference: str) -> None:
    """A wrong path, a wrong reference."""
    assert files(tmp_path, reference=reference) == {"model m": "fail"}


def test_projector_and_template_are_looked_for(tmp_path: Path) -> None:
    """Each is a finding of its own."""
    (tmp_path / "m.gguf").write_bytes(b"GGUF")
    found = files(tmp_path, reference=str(tmp_path / "m.gguf"), mmproj="./p.gguf", chat_template="./none.jinja")
    assert found == {"model m": "fail", "model m, image projector": "fail"}


def test_a_file_that_is_here_is_good(tmp_path: Path) -> None:
    """Its digest is told."""
    (tmp_path / "m.gguf").write_bytes(b"GGUF")
    assert files(tmp_path, reference=str(tmp_path / "m.gguf")) == {"model m": "ok"}


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
