"""Metrics in the database. Plain functions over a connection, called within a work."""

from __future__ import annotations

from antiphon.db import Connection, Row
from antiphon.feedback.model import Metric

COLUMNS = "id, account, key, name, kind, scoring_type, description, created_at_ms"


def insert(connection: Connection, metric: Metric) -> bool:
    """Keep a new metric; False when its account has one of that key."""
    return (
        connection.run(
            f"INSERT INTO metrics ({COLUMNS}) VALUES"
            " (:id, :account, :key, :name, :kind, :scoring_type, :description, :created_at_ms)"
            " ON CONFLICT (account, key) DO NOTHING",
            id=metric.id,
            account=metric.account,
            key=metric.key,
            name=metric.name,
            kind=metric.kind,
            scoring_type=metric.scoring_type,
            description=metric.description,
            created_at_ms=metric.created_at_ms,
        )
        > 0
    )


def every(connection: Connection, account: str) -> tuple[Metric, ...]:
    """The account's metrics, the oldest first."""
    sql = f"SELECT {COLUMNS} FROM metrics WHERE account = :account ORDER BY created_at_ms, key"
    return tuple(_metric(row) for row in connection.all(sql, account=account))


def count(connection: Connection, account: str) -> int:
    """How many the account has."""
    row = connection.one("SELECT COUNT(*) FROM metrics WHERE account = :account", account=account)
    assert row is not None, "an aggregate has a row"
    return int(row[0])


def find(connection: Connection, account: str, name: str) -> Metric | None:
    """The account's metric of that id or key."""
    sql = f"SELECT {COLUMNS} FROM metrics WHERE account = :account AND (id = :name OR key = :name)"
    row = connection.one(sql, account=account, name=name)
    return None if row is None else _metric(row)


def _metric(row: Row) -> Metric:
    return Metric(**dict(zip(COLUMNS.split(", "), row, strict=True)))
