"""Checks of nodes and of their broker."""

from __future__ import annotations

import asyncio
import re
import socket
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from antiphon.cli import gateway_checks, machine_checks, model_checks, node_checks, storage_checks
from antiphon.cli.commands import COMMANDS
from antiphon.cli.node_checks import broker, nodes
from antiphon.clock import SystemClock
from antiphon.db.open import open_database
from antiphon.settings.model import Settings
from antiphon.settings.nodes import NodesSettings

NODE = (
    "INSERT INTO nodes (id, name, owner, nkey, state, epoch, created_at_ms, seen_at_ms)"
    " VALUES ('node_1', 'attic', '0x', 'U1', ?, 1, 0, ?)"
)
ACCUSED = (
    "INSERT INTO trust_nodes (node, passed, failed, at_ms, accused, since_ms) VALUES ('node_1', 1, 9, 0, 'text', 0)"
)
NAMED = re.compile(r"`antiphon ([a-z]+(?: [a-z]+)?)")


@contextmanager
def greeting(words: bytes) -> Iterator[str]:
    """A server that says this to whoever comes; its address."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def greet() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.sendall(words)

        thread = threading.Thread(target=greet)
        thread.start()
        yield f"nats://127.0.0.1:{listener.getsockname()[1]}"
        thread.join(5)


@pytest.mark.parametrize(
    ("state", "age_s", "accused", "status", "says"),
    [
        ("active", 5, False, "ok", "was heard"),
        ("active", 3600, False, "warn", "is gone; last heard"),
        ("drained", 5, False, "warn", "is drained"),
        ("banned", 5, False, "warn", "is banned"),
        ("active", 5, True, "warn", "failed checks of kind `text`"),
    ],
)
def test_a_node_is_told_with_what_to_do(
    tmp_path: Path, state: str, age_s: int, accused: bool, status: str, says: str
) -> None:
    """Heard, gone, drained, banned, found to lie."""
    asyncio.run(open_database(None, data_dir=tmp_path).close())
    with sqlite3.connect(tmp_path / "antiphon.db") as connection:
        connection.execute(NODE, (state, int(1000 * (SystemClock().now() - age_s))))
        if accused:
            connection.execute(ACCUSED)
    connection.close()
    findings = {finding.check: finding for finding in nodes(Settings(data_dir=tmp_path))}
    assert findings["broker"].status == "ok"
    node = findings["node attic"]
    assert node.status == status
    assert says in node.found
    assert bool(node.advice) == (status != "ok")


def test_no_nodes_are_no_findings(tmp_path: Path) -> None:
    """With a database, and before there is one."""
    assert list(nodes(Settings(data_dir=tmp_path))) == []
    asyncio.run(open_database(None, data_dir=tmp_path).close())
    assert list(nodes(Settings(data_dir=tmp_path))) == []


@pytest.mark.parametrize(("words", "status"), [(b'INFO {"server_id":"x"}\r\n', "ok"), (b"HTTP/1.1 400\r\n", "fail")])
def test_a_broker_greets(tmp_path: Path, words: bytes, status: str) -> None:
    """And something else does not."""
    with greeting(words) as url:
        (finding,) = nodes(Settings(data_dir=tmp_path, nodes=NodesSettings(nats=(url,))))
    assert finding.status == status


def test_a_broker_that_is_away() -> None:
    """It says what that means for requests."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    finding = broker(f"nats://127.0.0.1:{port}")
    assert finding.status == "fail"
    assert "nodes get no requests" in finding.advice


def test_every_command_that_is_advised_exists() -> None:
    """No finding sends anybody to a command that is not there."""
    words = {" ".join(command.words) for command in COMMANDS} | {command.words[0] for command in COMMANDS}
    modules = (gateway_checks, machine_checks, model_checks, node_checks, storage_checks)
    sources = [Path(str(module.__file__)).read_text(encoding="utf-8") for module in modules]
    named = {match for source in sources for match in NAMED.findall(source)}
    assert named
    assert {name for name in named if name not in words and name.split()[0] not in {"serve", "node"}} == set()
