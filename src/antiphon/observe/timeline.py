"""What is known of one request, in the order of time: from its receipt, the books, stored turns and log lines.

Nothing of what was asked or said is in it. Plain functions over a connection, and over lines of logs.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Literal

import msgspec
from msgspec import Struct

from antiphon.credits import receipt_store
from antiphon.credits.ledger import usage_id
from antiphon.credits.money import usdc_text
from antiphon.credits.receipt import Receipt
from antiphon.db import Connection, Row

Source = Literal["receipt", "node", "ledger", "interaction", "log"]
Shown = str | int | float | bool | None
REQUESTS_MAX = 20  # a client may name many requests alike; the latest are shown

RECEIPT = f"SELECT {receipt_store.COLUMNS} FROM receipts AS r WHERE"  # noqa: S608 - of our own text
RECEIPT_BY_ID = f"{RECEIPT} id = :id"
RECEIPTS = f"{RECEIPT} request_id = :id ORDER BY ended_at_ms DESC LIMIT :most"
RECEIPTS_OF = f"{RECEIPT} account = :account AND request_id = :id ORDER BY ended_at_ms DESC LIMIT :most"
JOURNAL = (
    "SELECT j.at_ms, j.ledger, j.number, e.account, e.amount FROM ledger_journals AS j"
    " JOIN ledger_entries AS e ON e.ledger = j.ledger AND e.number = j.number WHERE j.id = :id ORDER BY e.account"
)
TURN = (
    "SELECT request_id, answer_id, completion_id, account, created_at_ms, model, node, door, error, finish_reason,"
    " prompt_tokens, completion_tokens, ttft_ms, total_ms FROM interactions WHERE"
)
TURN_BY_ID = f"{TURN} completion_id = :id"
TURNS_OF_ANSWER = f"{TURN} account = :account AND answer_id = :answer ORDER BY choice"
TURNS_OF = (
    f"{TURN} account = :account AND (request_id = :id OR answer_id = :id) ORDER BY created_at_ms DESC LIMIT :most"
)
TURNS = f"{TURN} request_id = :id OR answer_id = :id ORDER BY created_at_ms DESC LIMIT :most"


class Moment(Struct, frozen=True):
    """Something that happened; `source` is who tells it. Times are in milliseconds since 1970."""

    at_ms: int
    source: Source
    what: str
    details: dict[str, Shown]


class Known(Struct, frozen=True):
    """All that the database tells of a request, and the names under which logs may tell more."""

    moments: tuple[Moment, ...]
    names: frozenset[str]


def known(connection: Connection, name: str, account: str | None = None) -> Known:
    """What the database tells of a request's id, an answer's or a completion's.

    The account saves a look through all that is stored.
    """
    receipts = _receipts(connection, name, account)
    moments = [moment for receipt in receipts for moment in _of_receipt(receipt)]
    moments += [moment for receipt in receipts for moment in _of_journal(connection, receipt.id)]
    rows = _turns(connection, name, account, receipts)
    moments += [moment for row in rows for moment in _of_turn(row)]
    names = {name}.union(*(_names(receipt) for receipt in receipts), *(row[:3] for row in rows))
    return Known(tuple(sorted(moments, key=lambda one: one.at_ms)), frozenset(names - {""}))


def logged(lines: Iterable[str], names: frozenset[str]) -> Iterator[Moment]:
    """What logs in JSON, of gateways and nodes, say of these names; any other line is passed over."""
    for line in lines:
        if not any(name in line for name in names):
            continue
        try:
            told = msgspec.json.decode(line, type=dict[str, Any])  # Any: fields of any log line
            at_ms, what = int(told.pop("time") * 1000), str(told.pop("message"))
        except (msgspec.DecodeError, KeyError, TypeError, ValueError):
            continue
        if not names.isdisjoint(str(told.get(field)) for field in ("request_id", "request", "attempt")):
            details: dict[str, Shown] = {
                key: value for key, value in told.items() if isinstance(value, str | int | float)
            }
            yield Moment(at_ms, "log", what, details)


def _receipts(connection: Connection, name: str, account: str | None) -> list[Receipt]:
    rows = connection.all(RECEIPT_BY_ID, id=name)
    if not rows and account is not None:
        rows = connection.all(RECEIPTS_OF, id=name, account=account, most=REQUESTS_MAX)
    elif not rows:
        rows = connection.all(RECEIPTS, id=name, most=REQUESTS_MAX)
    found = [receipt_store.read(row) for row in rows]
    return [receipt for receipt in found if account in (None, receipt.account)]


def _turns(connection: Connection, name: str, account: str | None, receipts: list[Receipt]) -> list[Row]:
    rows = connection.all(TURN_BY_ID, id=name)
    for receipt in receipts:
        rows += connection.all(TURNS_OF_ANSWER, account=receipt.account, answer=receipt.id)
    if not rows and account is not None:
        rows = connection.all(TURNS_OF, id=name, account=account, most=REQUESTS_MAX)
    elif not rows and not receipts:
        rows = connection.all(TURNS, id=name, most=REQUESTS_MAX)
    return [row for row in rows if account in (None, row[3])]


def _names(receipt: Receipt) -> set[str]:
    attempts = {served.attempt for served in receipt.served} | {one.receipt.attempt for one in receipt.signed}
    return {receipt.id, receipt.request_id, *attempts}


def _of_receipt(receipt: Receipt) -> Iterator[Moment]:
    began = {"request_id": receipt.request_id, "answer_id": receipt.id, "account": receipt.account, "key": receipt.key}
    asked = {"door": receipt.door, "model": receipt.model, "held": usdc_text(receipt.held)}
    yield Moment(receipt.began_at_ms, "receipt", "credit held", {**began, **asked})
    for signed in receipt.signed:
        did = signed.receipt
        node: dict[str, Shown] = {"node": did.node, "attempt": did.attempt}
        yield Moment(did.started_at_ms, "node", "attempt begun, by the node's clock", node)
        if did.first_token_at_ms < did.ended_at_ms:
            yield Moment(did.first_token_at_ms, "node", "first token, by the node's clock", node)
        tokens = {**node, "tokens": did.completion_tokens}
        yield Moment(did.ended_at_ms, "node", "attempt ended, by the node's clock", tokens)
    for part in receipt.served:
        said: dict[str, Shown] = {"node": part.node, "attempt": part.attempt, "tokens": part.tokens}
        yield Moment(receipt.ended_at_ms, "receipt", "said a part", said)
    usage = receipt.usage
    took: dict[str, Shown] = {"prompt_tokens": usage.prompt_tokens, "completion_tokens": usage.completion_tokens}
    charged: dict[str, Shown] = {"node": receipt.node, "charged": usdc_text(receipt.charged), "ledger": receipt.ledger}
    yield Moment(receipt.ended_at_ms, "receipt", f"ended: {receipt.reason}", {**charged, **took})


def _of_journal(connection: Connection, receipt_id: str) -> Iterator[Moment]:
    rows = connection.all(JOURNAL, id=usage_id(receipt_id))
    if rows:
        at_ms, ledger, number = rows[0][:3]
        entries: dict[str, Shown] = {account: usdc_text(amount) for *_, account, amount in rows}
        yield Moment(at_ms, "ledger", f"journal {number} of {ledger}", entries)


def _of_turn(row: Row) -> Iterator[Moment]:
    request, answer, completion, account, ended_ms, model, node, door, error, finish, prompt, tokens, ttft, total = row
    who: dict[str, Shown] = {"request_id": request, "answer_id": answer, "completion_id": completion}
    if total is not None:
        asked = {**who, "account": account, "door": door, "model": model}
        yield Moment(ended_ms - round(total), "interaction", "request begun", asked)
        if ttft is not None:
            first: dict[str, Shown] = {"ttft_ms": ttft}
            yield Moment(ended_ms - round(total - ttft), "interaction", "first token", first)
    took: dict[str, Shown] = {"prompt_tokens": prompt, "completion_tokens": tokens, "total_ms": total}
    yield Moment(ended_ms, "interaction", f"stored: {error or finish}", {**who, "node": node, **took})
