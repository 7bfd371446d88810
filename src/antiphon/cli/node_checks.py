"""Checks of nodes and of the broker that they come to, by the database and by a look at the broker's address."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from datetime import UTC, datetime
from urllib.parse import urlsplit

from antiphon.cli.findings import Finding, fail, ok, warn
from antiphon.cli.snapshot import snapshot
from antiphon.clock import Clock, SystemClock
from antiphon.errors import ConfigError
from antiphon.settings.model import Settings

SILENT_S = 180  # a gateway notes about once a minute whom it hears
NATS_PORT = 4222
CONNECT_S = 3.0
GREETING = b"INFO "

NODES = (
    "SELECT n.name, n.state, n.seen_at_ms, t.accused FROM nodes AS n LEFT JOIN trust_nodes AS t ON t.node = n.id"
    " ORDER BY n.created_at_ms, n.id"
)


def nodes(settings: Settings, clock: Clock | None = None) -> Iterator[Finding]:
    """The broker where there is one to look at, then each node; nothing where there are none."""
    for url in settings.nodes.nats:
        yield broker(url)
    try:
        with snapshot(settings, "the nodes") as connection:
            rows = connection.all(NODES)
    except ConfigError:
        return  # the database has a finding of its own, or is not there yet
    if rows and not settings.nodes.nats:
        yield _embedded()
    now_ms = int((clock or SystemClock()).now() * 1000)
    for name, state, seen_at_ms, accused in rows:
        yield _node(f"node {name}", state, seen_at_ms, accused, now_ms)


def broker(url: str) -> Finding:
    """Whether a NATS server answers there, and greets as one."""
    check, place = f"broker {url}", urlsplit(url)
    advice = (
        "Start it, or correct `nodes.nats`; nodes get no requests until it is back. docs/nodes.md has its settings."
    )
    try:
        with socket.create_connection((place.hostname or "", place.port or NATS_PORT), CONNECT_S) as connection:
            connection.settimeout(CONNECT_S)
            if not connection.recv(len(GREETING)).startswith(GREETING):
                return fail(check, "something answers there that is no NATS server", advice)
    except OSError as error:
        return fail(check, f"it cannot be reached: {error.strerror or error}", advice)
    return ok(check, "a NATS server answers")


def _embedded() -> Finding:
    try:
        from antiphon.link.broker import find_program

        return ok("broker", f"runs with the gateway: {find_program(os.environ)}")
    except (ConfigError, ImportError) as error:
        return fail("broker", str(error), "pip install 'antiphon[nodes]': no node can come without it.")


def _node(check: str, state: str, seen_at_ms: int, accused: str | None, now_ms: int) -> Finding:
    seen = datetime.fromtimestamp(seen_at_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M UTC") if seen_at_ms else "never"
    if accused is not None:
        advice = "`antiphon nodes evidence NAME` shows what was found; `antiphon nodes pardon NAME` lets it work again."
        return warn(check, f"is in quarantine: it failed checks of kind `{accused}`", advice)
    if state == "banned":
        return warn(
            check, "is banned", "`antiphon nodes remove NAME` forgets it; a new invite may let the machine in again."
        )
    if state == "drained":
        return warn(check, "is drained, and gets no requests", "`antiphon nodes undrain NAME` sends it requests again.")
    if now_ms - seen_at_ms > SILENT_S * 1000:
        advice = (
            "On that machine: does `antiphon node` run, and what does it print? It must reach gateway and broker."
            " `antiphon nodes remove NAME` forgets it."
        )
        return warn(check, f"is gone; last heard: {seen}", advice)
    return ok(check, f"was heard at {seen}")
