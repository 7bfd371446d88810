"""Files in the database. Plain functions over a connection, called within a work."""

from __future__ import annotations

from collections.abc import Sequence

from antiphon.batches.model import File
from antiphon.db import Connection, Row
from antiphon.interactions.paging import Page, Paging, Position

COLUMNS = "id, account, purpose, name, size_bytes, created_at_ms, expires_at_ms, batch_id, good"
PLACES = ", ".join(f":{name}" for name in COLUMNS.split(", "))
ANSWERS_TOGETHER = 64


def insert(connection: Connection, file: File) -> None:
    """Keep a file; what it holds comes by `append`, or stands in its batch."""
    connection.run(
        f"INSERT INTO files ({COLUMNS}) VALUES ({PLACES})",
        id=file.id,
        account=file.account,
        purpose=file.purpose,
        name=file.name,
        size_bytes=file.size_bytes,
        created_at_ms=file.created_at_ms,
        expires_at_ms=file.expires_at_ms,
        batch_id=file.batch_id,
        good=None if file.good is None else int(file.good),
    )


def append(connection: Connection, file_id: str, first: int, pieces: Sequence[str]) -> None:
    """The pieces from a number on."""
    sql = "INSERT INTO file_pieces (file_id, number, content) VALUES (:file_id, :number, :content)"
    for number, content in enumerate(pieces, first):
        connection.run(sql, file_id=file_id, number=number, content=content)


def give(connection: Connection, file_id: str, account: str) -> None:
    """The file is the account's from now on."""
    connection.run("UPDATE files SET account = :account WHERE id = :id", id=file_id, account=account)


def get(connection: Connection, account: str, file_id: str) -> File | None:
    """The account's file of that id."""
    sql = f"SELECT {COLUMNS} FROM files WHERE id = :id AND account = :account"
    row = connection.one(sql, id=file_id, account=account)
    return None if row is None else _file(row)


def page(connection: Connection, account: str, purpose: str | None, paging: Paging) -> Page[File]:
    """A part of the account's files; of one purpose, where one is named."""
    sign, direction = ("<", "DESC") if paging.order == "desc" else (">", "ASC")
    after = paging.after
    rows = connection.all(
        f"SELECT {COLUMNS} FROM files WHERE account = :account"
        " AND (CAST(:purpose AS TEXT) IS NULL OR purpose = :purpose)"
        f" AND (CAST(:after_id AS TEXT) IS NULL OR (created_at_ms, id) {sign} (:after_ms, :after_id))"
        f" ORDER BY created_at_ms {direction}, id {direction} LIMIT :limit",
        account=account,
        purpose=purpose,
        after_id=None if after is None else after.id,
        after_ms=0 if after is None else after.at_ms,
        limit=paging.limit + 1,
    )
    items = tuple(_file(row) for row in rows[: paging.limit])
    more = len(rows) > paging.limit
    return Page(items, Position(items[-1].created_at_ms, items[-1].id) if more else None)


def piece(connection: Connection, file_id: str, number: int) -> str | None:
    """One piece of what was uploaded, None behind the last."""
    sql = "SELECT content FROM file_pieces WHERE file_id = :file_id AND number = :number"
    row = connection.one(sql, file_id=file_id, number=number)
    return None if row is None else str(row[0])


def answers(connection: Connection, file: File, after: int) -> Sequence[tuple[int, str]]:
    """Some lines of a file of answers, with their numbers, behind one of a number."""
    rows = connection.all(
        "SELECT number, content FROM batch_answers WHERE batch_id = :batch_id AND good = :good AND number > :after"
        f" ORDER BY number LIMIT {ANSWERS_TOGETHER}",
        batch_id=file.batch_id,
        good=int(bool(file.good)),
        after=after,
    )
    return [(int(number), str(content)) for number, content in rows]


def delete(connection: Connection, account: str, file_id: str) -> bool:
    """Whether there was such a file; what it held is gone too."""
    file = get(connection, account, file_id)
    if file is not None:
        _remove(connection, file)
    return file is not None


def delete_expired(connection: Connection, now_ms: int) -> bool:
    """Whether there was a file whose time is up; it is deleted, with what it held."""
    sql = f"SELECT {COLUMNS} FROM files WHERE expires_at_ms < :now_ms ORDER BY expires_at_ms LIMIT 1"
    row = connection.one(sql, now_ms=now_ms)
    if row is not None:
        _remove(connection, _file(row))
    return row is not None


def _remove(connection: Connection, file: File) -> None:
    if file.batch_id is not None:
        sql = "DELETE FROM batch_answers WHERE batch_id = :batch_id AND good = :good"
        connection.run(sql, batch_id=file.batch_id, good=int(bool(file.good)))
    connection.run("DELETE FROM files WHERE id = :id", id=file.id)


def _file(row: Row) -> File:
    found = dict(zip(COLUMNS.split(", "), row, strict=True))
    good = found.pop("good")
    return File(**found, good=None if good is None else bool(good))
