"""Batches in the database, and who is at work on them. Plain functions over a connection, called within a work."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
from msgspec import Struct

from antiphon.batches.model import RUNNING, Batch, Counts
from antiphon.db import Connection, Row
from antiphon.interactions.paging import Page, Paging, Position

IS_RUNNING = f"status IN ({', '.join(repr(status) for status in RUNNING)})"
SELECT = "SELECT document, completed, failed FROM batches"

_decoder = msgspec.json.Decoder(Batch)


class Kept(Struct, frozen=True):
    """A batch, and how far it is."""

    batch: Batch
    counts: Counts


def insert(connection: Connection, batch: Batch) -> None:
    """Keep a new batch."""
    connection.run(
        "INSERT INTO batches (id, account, created_at_ms, status, document)"
        " VALUES (:id, :account, :created_at_ms, :status, :document)",
        id=batch.id,
        account=batch.account,
        created_at_ms=batch.created_at_ms,
        status=batch.status,
        document=_document(batch),
    )


def change(connection: Connection, batch_id: str, step: Callable[[Batch], Batch]) -> Batch | None:
    """The batch as `step` makes it of what it is now, kept; None when it is gone."""
    row = connection.one("SELECT document FROM batches WHERE id = :id", id=batch_id)
    if row is None:
        return None
    batch = step(_decoder.decode(row[0]))
    sql = "UPDATE batches SET status = :status, document = :document WHERE id = :id"
    connection.run(sql, id=batch.id, status=batch.status, document=_document(batch))
    return batch


def get(connection: Connection, account: str, batch_id: str) -> Kept | None:
    """The account's batch of that id."""
    row = connection.one(f"{SELECT} WHERE id = :id AND account = :account", id=batch_id, account=account)
    return None if row is None else _kept(row)


def page(connection: Connection, account: str, paging: Paging) -> Page[Kept]:
    """A part of the account's batches, the newest first."""
    after = paging.after
    rows = connection.all(
        f"{SELECT} WHERE account = :account"
        " AND (CAST(:after_id AS TEXT) IS NULL OR (created_at_ms, id) < (:after_ms, :after_id))"
        " ORDER BY created_at_ms DESC, id DESC LIMIT :limit",
        account=account,
        after_id=None if after is None else after.id,
        after_ms=0 if after is None else after.at_ms,
        limit=paging.limit + 1,
    )
    items = tuple(_kept(row) for row in rows[: paging.limit])
    more = len(rows) > paging.limit
    return Page(items, Position(items[-1].batch.created_at_ms, items[-1].batch.id) if more else None)


def running(connection: Connection, account: str) -> int:
    """How many batches of an account are not over."""
    row = connection.one(f"SELECT COUNT(*) FROM batches WHERE {IS_RUNNING} AND account = :account", account=account)
    assert row is not None, "an aggregate has a row"
    return int(row[0])


def claim(connection: Connection, runner: str, *, now_ms: int, until_ms: int) -> Batch | None:
    """A batch that nobody is at work on: it is the runner's until then.

    The oldest of the account for which the least is worked on, so that no account keeps others from beginning.
    """
    at_work = f"SELECT COUNT(*) FROM batches AS b WHERE {IS_RUNNING} AND b.until_ms > :now_ms"
    sql = (
        f"SELECT id, document FROM batches AS a WHERE {IS_RUNNING} AND until_ms <= :now_ms"
        f" ORDER BY ({at_work} AND b.account = a.account), created_at_ms LIMIT 1"
    )
    row = connection.one(sql, now_ms=now_ms)
    if row is None:
        return None
    sql = "UPDATE batches SET runner = :runner, until_ms = :until_ms WHERE id = :id"
    connection.run(sql, id=row[0], runner=runner, until_ms=until_ms)
    return _decoder.decode(row[1])


def beat(connection: Connection, batch_id: str, runner: str, *, until_ms: int) -> Batch | None:
    """The batch as it stands, the runner's for longer; None when it is somebody else's by now, or gone."""
    sql = "UPDATE batches SET until_ms = :until_ms WHERE id = :id AND runner = :runner RETURNING document"
    row = connection.one(sql, id=batch_id, runner=runner, until_ms=until_ms)
    return None if row is None else _decoder.decode(row[0])


def answer(connection: Connection, batch_id: str, number: int, content: str, *, good: bool) -> bool:
    """Keep the answer to a request, and count it; False when it has another one, or its batch is gone."""
    column = "completed" if good else "failed"
    counted = connection.run(
        f"UPDATE batches SET {column} = {column} + 1 WHERE id = :id AND NOT EXISTS"
        " (SELECT 1 FROM batch_answers WHERE batch_id = :id AND number = :number)",
        id=batch_id,
        number=number,
    )
    if not counted:  # perhaps by this very answer, whose commit was not confirmed
        sql = "SELECT content FROM batch_answers WHERE batch_id = :batch_id AND number = :number"
        row = connection.one(sql, batch_id=batch_id, number=number)
        return row is not None and row[0] == content
    connection.run(
        "INSERT INTO batch_answers (batch_id, number, good, size_bytes, content)"
        " VALUES (:batch_id, :number, :good, :size_bytes, :content)",
        batch_id=batch_id,
        number=number,
        good=int(good),
        size_bytes=len(content.encode()) + 1,
        content=content,
    )
    return True


def answered(connection: Connection, batch_id: str, first: int, last: int) -> set[int]:
    """Which requests of a range have their answers."""
    sql = "SELECT number FROM batch_answers WHERE batch_id = :batch_id AND number BETWEEN :first AND :last"
    return {int(number) for (number,) in connection.all(sql, batch_id=batch_id, first=first, last=last)}


def sizes(connection: Connection, batch_id: str) -> dict[bool, int]:
    """The bytes of a batch's lines, those of good answers and the others; none where there are no lines."""
    sql = "SELECT good, SUM(size_bytes) FROM batch_answers WHERE batch_id = :batch_id GROUP BY good"
    return {bool(good): int(size) for good, size in connection.all(sql, batch_id=batch_id)}


def forget(connection: Connection, before_ms: int) -> int:
    """Delete batches that are over and were made before a time; how many."""
    return connection.run(
        f"DELETE FROM batches WHERE created_at_ms < :before_ms AND NOT {IS_RUNNING}", before_ms=before_ms
    )


def let_go(connection: Connection, runner: str) -> None:
    """Let others go on at once with what the runner was at work on."""
    connection.run("UPDATE batches SET until_ms = 0 WHERE runner = :runner", runner=runner)


def _document(batch: Batch) -> str:
    return msgspec.json.encode(batch).decode()


def _kept(row: Row) -> Kept:
    document, completed, failed = row
    return Kept(_decoder.decode(document), Counts(int(completed), int(failed)))
