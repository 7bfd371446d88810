"""Receipts in the database. Plain functions over a connection, called within a work."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from msgspec import Struct

from antiphon.credits import values
from antiphon.credits.ledger import usage_id
from antiphon.credits.receipt import Receipt
from antiphon.db import Connection

INSERT = "INSERT INTO receipts (id, account, request_id, ledger, held, charged, ended_at_ms, content) VALUES"
FOUND = (
    "SELECT r.content, j.number, j.hash FROM receipts AS r"
    " LEFT JOIN ledger_journals AS j ON j.id = :journal WHERE r.id = :id AND r.account = :account"
)
BY_REQUEST = (
    "SELECT id FROM receipts WHERE account = :account AND request_id = :request_id"
    " ORDER BY ended_at_ms DESC, id DESC LIMIT 1"
)
PRUNE = (
    "DELETE FROM receipts WHERE id IN"
    " (SELECT id FROM receipts WHERE ended_at_ms < :before_ms ORDER BY ended_at_ms LIMIT :limit)"
)

_decoder = msgspec.json.Decoder(Receipt)


class Filed(Struct, frozen=True):
    """A receipt, and where its charge stands in the books; None where nothing was charged."""

    receipt: Receipt
    number: int | None
    hash: str | None


def insert(connection: Connection, receipts: Sequence[Receipt]) -> None:
    """Keep receipts; one that is there stays as it is."""
    rows = [_row(receipt) for receipt in receipts]
    values.run(connection, INSERT, rows, "ON CONFLICT (id) DO NOTHING")


def get(connection: Connection, account: str, receipt_id: str) -> Filed | None:
    """The account's receipt of that id, or its latest for a request of that id; None when there is none."""
    return _get(connection, account, receipt_id) or _latest(connection, account, receipt_id)


def prune(connection: Connection, before_ms: int, limit: int) -> int:
    """Forget receipts that ended before a time, up to `limit` of them, the oldest first; how many."""
    return connection.run(PRUNE, before_ms=before_ms, limit=limit)


def _get(connection: Connection, account: str, receipt_id: str) -> Filed | None:
    row = connection.one(FOUND, id=receipt_id, account=account, journal=usage_id(receipt_id))
    return None if row is None else Filed(_decoder.decode(row[0]), row[1], row[2])


def _latest(connection: Connection, account: str, request_id: str) -> Filed | None:
    row = connection.one(BY_REQUEST, account=account, request_id=request_id)
    return None if row is None else _get(connection, account, row[0])


def _row(receipt: Receipt) -> tuple[str, str, str, str, int, int, int, str]:
    content = msgspec.json.encode(receipt).decode()
    return (
        receipt.id,
        receipt.account,
        receipt.request_id,
        receipt.ledger,
        receipt.held,
        receipt.charged,
        receipt.ended_at_ms,
        content,
    )
