"""Checks of the gateway."""

from __future__ import annotations

import socket

import pytest

from antiphon.cli import gateway_checks
from antiphon.cli.client import Client, Reply
from antiphon.cli.endpoint import Endpoint
from antiphon.settings.model import Settings
from antiphon.settings.server import ServerSettings
from antiphon.testing.fault_engine import FaultEngine
from antiphon.testing.faults import Fault


def on_port(port: int, host: str = "127.0.0.1") -> Settings:
    """Settings that listen there."""
    return Settings(server=ServerSettings(host=host, port=port))


def test_a_free_port_is_good() -> None:
    """There is no gateway to try yet."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    (finding,) = gateway_checks.gateway(on_port(port))
    assert (finding.check, finding.status) == ("port", "warn")
    assert "antiphon serve" in finding.advice


def test_a_port_that_cannot_be_bound_is_told() -> None:
    """An address of another machine."""
    (finding,) = gateway_checks.gateway(on_port(0, host="192.0.2.1"))
    assert finding.status == "fail"


def test_somebody_elses_port_is_told(engine: FaultEngine) -> None:
    """An engine is no gateway."""
    (finding,) = gateway_checks.gateway(on_port(engine.port))
    assert finding.status == "fail"
    assert "no gateway of ours" in finding.found


def test_completions_are_tried(engine: FaultEngine) -> None:
    """Plain and streamed."""
    findings = list(gateway_checks._completions(Client(Endpoint(engine.url, None))))
    assert [(finding.check, finding.status) for finding in findings] == [
        ("models", "ok"),
        ("completion", "ok"),
        ("stream", "ok"),
    ]
    assert "[DONE] last" in findings[2].found


@pytest.mark.parametrize("fault", [Fault("no_done"), Fault("stream_error", k=1), Fault("status", status=500)])
def test_a_bad_stream_is_told(engine: FaultEngine, fault: Fault) -> None:
    """The plain completion before it is good."""
    engine.push(None, fault)
    findings = list(gateway_checks._completions(Client(Endpoint(engine.url, None))))
    assert [finding.status for finding in findings] == ["ok", "ok", "fail"]
    assert findings[2].advice


class Listing(Client):
    """A gateway that only lists a model that makes embeddings."""

    def get(self, path: str, *, root: bool = False) -> Reply:
        """The list."""
        assert path == "/models"
        return Reply(200, {}, b'{"data": [{"id": "vectors", "type": "embedding"}]}')


def test_a_model_that_embeds_is_not_talked_to() -> None:
    """It is told of, and no completion is tried."""
    findings = list(gateway_checks._completions(Listing(Endpoint("http://127.0.0.1:9", None))))
    assert [(finding.check, finding.found) for finding in findings] == [("models", "vectors")]
