"""The configuration of a server: what a path may hold cannot change it."""

from __future__ import annotations

from pathlib import Path

from antiphon.link.broker_config import BrokerOptions, Cluster, render


def text(options: BrokerOptions) -> str:
    """The configuration with short tokens."""
    return render(options, operator_token="OP", system_account="ASYS", account_tokens={"ASYS": "T1", "AANT": "T2"})


def test_what_a_server_is_told() -> None:
    """Where it listens, whom it believes, how large a message may be."""
    lines = text(BrokerOptions(folder=Path("/data/broker"), port=4222)).splitlines()
    assert 'listen: "127.0.0.1:4222"' in lines
    assert "operator: OP" in lines
    assert "  AANT: T2" in lines
    assert "max_payload: 4194304" in lines
    assert not [line for line in lines if line.startswith("tls")]


def test_a_server_of_a_cluster() -> None:
    """It is told where the others are."""
    cluster = Cluster("c", "0.0.0.0:6222", ("nats://a:6222", "nats://b:6222"))
    told = text(BrokerOptions(folder=Path("/data"), port=4222, cluster=cluster))
    assert 'cluster: { name: "c", listen: "0.0.0.0:6222", routes: ["nats://a:6222", "nats://b:6222"] }' in told


def test_paths_are_quoted() -> None:
    """Blanks, quotes and braces in a folder's name are part of it."""
    folder = Path('/data/my "broker" {x}')
    told = text(BrokerOptions(folder=folder, port=1, certificate=folder / "c.pem", certificate_key=folder / "k.pem"))
    assert r'dir: "/data/my \"broker\" {x}/accounts"' in told
    assert r'tls: { cert_file: "/data/my \"broker\" {x}/c.pem", key_file: "/data/my \"broker\" {x}/k.pem" }' in told
