"""Whose turn it is to do what only one of several gateways need do. Plain functions over a connection."""

from __future__ import annotations

from antiphon.db import Connection

TAKE = (
    "INSERT INTO sweeps (name, next_at_ms) VALUES (:name, :next_at_ms) ON CONFLICT (name) DO UPDATE"
    " SET next_at_ms = excluded.next_at_ms WHERE sweeps.next_at_ms <= :now_ms"
)


def take(connection: Connection, name: str, *, now_ms: int, for_ms: int) -> bool:
    """Whether the turn is the caller's, who then has it for so long; of those who ask at once, one gets it."""
    return connection.run(TAKE, name=name, now_ms=now_ms, next_at_ms=now_ms + for_ms) > 0


def hold(connection: Connection, name: str, *, until_ms: int) -> None:
    """Keep a turn that is the caller's for longer."""
    connection.run("UPDATE sweeps SET next_at_ms = :until_ms WHERE name = :name", name=name, until_ms=until_ms)
