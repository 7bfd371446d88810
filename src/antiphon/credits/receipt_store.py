"""Receipts in the database. Plain functions over a connection, called within a work.

Beside its columns a row has the rest of its receipt, as a JSON array: with the names of its fields, most of what is
written for a request would be names.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import asdict, astuple

from antiphon.chat import Usage
from antiphon.credits import values
from antiphon.credits.draft import Draft, digested
from antiphon.credits.ledger import usage_id
from antiphon.credits.receipt import Operation, Reason, Receipt, Served
from antiphon.db import Connection, Row
from antiphon.engines.receipt import SignedReceipt
from antiphon.models.catalogue import Prices

COLUMNS = "r.id, r.account, r.request_id, r.ledger, r.held, r.charged, r.ended_at_ms, r.content"
INSERT = f"INSERT INTO receipts ({COLUMNS.replace('r.', '')}) VALUES"
FOUND = (
    f"SELECT {COLUMNS}, j.number, j.hash FROM receipts AS r"
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


class _Rest(Struct, frozen=True, array_like=True):
    """What a receipt says beside its row's columns; prices and usage by their fields' order. New fields come last."""

    key: str
    operation: Operation
    door: str
    model: str
    node: str
    streamed: bool
    prices: tuple[Any, ...]  # Any: numbers, and None of some fields
    usage: tuple[Any, ...]
    reason: Reason
    began_at_ms: int
    request_sha256: str
    answer_sha256: str | None
    served: tuple[Served, ...]
    signed: tuple[SignedReceipt, ...]
    campaign: str | None
    variant: str | None


_rest = msgspec.json.Decoder(_Rest)
_named = msgspec.json.Decoder(Receipt)  # as it was kept before: whole, with names


class Filed(Struct, frozen=True):
    """A receipt, and where its charge stands in the books; None where nothing was charged."""

    receipt: Receipt
    number: int | None
    hash: str | None


def insert(connection: Connection, drafts: Iterable[Draft]) -> None:
    """Keep receipts; one that is there stays as it is."""
    values.run(connection, INSERT, [row(draft) for draft in drafts], "ON CONFLICT (id) DO NOTHING")


def get(connection: Connection, account: str, receipt_id: str) -> Filed | None:
    """The account's receipt of that id, or its latest for a request of that id; None when there is none."""
    return _get(connection, account, receipt_id) or _latest(connection, account, receipt_id)


def row(draft: Draft) -> Row:
    """The row of a receipt, by `COLUMNS`: it is made for each request, so that nothing stands between."""
    asked, answer = draft.asked, draft.answer
    key, model = asked.key, asked.model
    rest = (  # as `_Rest` reads it
        key.name,
        asked.operation,
        asked.door,
        model.id,
        draft.node,
        asked.streamed,
        astuple(model.prices),
        astuple(draft.usage),
        draft.reason,
        draft.began_at_ms,
        digested(asked.body),
        None if answer is None else digested(answer),
        draft.served if len(draft.served) > 1 else (),
        draft.signed,
        asked.campaign,
        asked.variant,
    )
    content = msgspec.json.encode(rest).decode()
    ids = asked.answer_id, key.account, asked.request_id, asked.ledger
    return (*ids, draft.held, draft.charged, draft.ended_at_ms, content)


def read(row: Row) -> Receipt:
    """The receipt of a row that begins with `COLUMNS`."""
    receipt_id, account, request_id, ledger, held, charged, ended_at_ms, content = row[:8]
    if content.startswith("{"):
        return _named.decode(content)
    rest = _rest.decode(content)
    return Receipt(
        id=receipt_id,
        account=account,
        request_id=request_id,
        ledger=ledger,
        held=held,
        charged=charged,
        ended_at_ms=ended_at_ms,
        **{**asdict(rest), "prices": Prices(*rest.prices), "usage": Usage(*rest.usage)},
    )


def prune(connection: Connection, before_ms: int, limit: int) -> int:
    """Forget receipts that ended before a time, up to `limit` of them, the oldest first; how many."""
    return connection.run(PRUNE, before_ms=before_ms, limit=limit)


def _get(connection: Connection, account: str, receipt_id: str) -> Filed | None:
    found = connection.one(FOUND, id=receipt_id, account=account, journal=usage_id(receipt_id))
    return None if found is None else Filed(read(found), found[-2], found[-1])


def _latest(connection: Connection, account: str, request_id: str) -> Filed | None:
    found = connection.one(BY_REQUEST, account=account, request_id=request_id)
    return None if found is None else _get(connection, account, found[0])
