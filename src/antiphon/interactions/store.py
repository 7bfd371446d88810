"""Interactions in the database. Plain functions over a connection, called within a work."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from antiphon.chat import Usage
from antiphon.db import Connection, Row, Value
from antiphon.interactions import messages, session_store
from antiphon.interactions.model import Answer, Filter, Interaction, Parameters, Reach, Timings, searchable
from antiphon.interactions.paging import Page, Paging, Position
from antiphon.interactions.query import Query

COLUMNS = (
    "completion_id", "account", "created_at_ms", "answer_id", "choice", "source", "project_id", "door", "request_id",
    "model", "node", "session_id", "user_id", "campaign", "variant", "unit", "prompt_hash", "messages", "completion",
    "finish_reason", "error", "parameters", "prompt_tokens", "completion_tokens", "cached_tokens", "reasoning_tokens",
    "queued_ms", "ttft_ms", "total_ms", "labels", "tags", "kept_at_ms",
)  # fmt: skip
VALUES = ", ".join(f":{name}" for name in COLUMNS)
INSERT = f"INSERT INTO interactions ({', '.join(COLUMNS)}) VALUES ({VALUES}) ON CONFLICT DO NOTHING"
SELECT = f"SELECT {', '.join(f'i.{name}' for name in COLUMNS)} FROM"
LABEL = (
    "INSERT INTO interaction_labels (completion_id, account, label, value, created_at_ms)"
    " VALUES (:completion_id, :account, :label, :value, :created_at_ms)"
)
TAG = (
    "INSERT INTO interaction_tags (completion_id, account, tag, created_at_ms)"
    " VALUES (:completion_id, :account, :tag, :created_at_ms)"
)

_answer = msgspec.json.Decoder(Answer)
_parameters = msgspec.json.Decoder(Parameters)
_labels = msgspec.json.Decoder(dict[str, str])
_tags = msgspec.json.Decoder(tuple[str, ...])


def insert(connection: Connection, row: Interaction) -> None:
    """Keep an interaction that is as kept; one that is there already stays as it is."""
    values = _values(row)
    if not connection.run(INSERT, **values):
        return
    shared: dict[str, Value] = {
        "completion_id": row.completion_id,
        "account": row.account,
        "created_at_ms": row.created_at_ms,
    }
    for label, value in row.labels.items():
        if searchable(label, value):
            connection.run(LABEL, **shared, label=label, value=value)
    for tag in dict.fromkeys(row.tags):
        if searchable("tag", tag):
            connection.run(TAG, **shared, tag=tag)
    if values["session_id"] is not None:
        session_store.touch(connection, row.account, str(values["session_id"]), row.created_at_ms)


def get(connection: Connection, reach: Reach, completion_id: str) -> Interaction | None:
    """The interaction, None when there is none within reach."""
    found = page(connection, reach, Filter(completion_ids=(completion_id,)), Paging(limit=1)).items
    return found[0] if found else None


def page(connection: Connection, reach: Reach, wanted: Filter, paging: Paging) -> Page[Interaction]:
    """A part of the list of those that the filter lets through."""
    query = Query(reach, wanted)
    rows = connection.all(f"{SELECT} {query.tables} WHERE {query.page(paging)}", **query.values)
    items = tuple(_interaction(row) for row in rows[: paging.limit])
    more = len(rows) > paging.limit
    return Page(items, Position(items[-1].created_at_ms, items[-1].completion_id) if more else None)


def last_turn(connection: Connection, reach: Reach, session_id: str) -> Interaction | None:
    """The first choice of a session's last turn that ended well."""
    query = Query(reach, Filter(session_id=session_id))
    chosen = query.page(Paging(limit=1))
    sql = f"{SELECT} {query.tables} WHERE i.error IS NULL AND i.choice = 0 AND {chosen}"
    row = connection.one(sql, **query.values)
    return None if row is None else _interaction(row)


def count(connection: Connection, reach: Reach, wanted: Filter) -> int:
    """How many the filter lets through."""
    query = Query(reach, wanted)
    row = connection.one(f"SELECT COUNT(*) FROM {query.tables} WHERE {query.where}", **query.values)
    assert row is not None, "an aggregate has a row"
    return int(row[0])


def is_answer(connection: Connection, account: str, answer_id: str) -> bool:
    """Whether the account got an answer of that id."""
    sql = "SELECT 1 FROM interactions WHERE account = :account AND answer_id = :answer_id LIMIT 1"
    return connection.one(sql, account=account, answer_id=answer_id) is not None


def delete(connection: Connection, reach: Reach, wanted: Filter, most: int) -> int:
    """Delete up to `most` of those that the filter lets through, with all that hangs on them; how many those were."""
    query = Query(reach, wanted)
    chosen = query.page(Paging(limit=most - 1, order="asc"))
    sql = f"SELECT i.completion_id, i.account, i.session_id FROM {query.tables} WHERE {chosen}"
    return remove(connection, connection.all(sql, **query.values))


def remove(connection: Connection, rows: Sequence[Row]) -> int:
    """Delete these (completion id, account, session id), with all that hangs on them; how many those are."""
    if not rows:
        return 0
    values: dict[str, Value] = {f"id{number}": row[0] for number, row in enumerate(rows)}
    places = ", ".join(f":{name}" for name in values)
    connection.run(f"DELETE FROM interactions WHERE completion_id IN ({places})", **values)
    for account, session_id in sorted({(row[1], row[2]) for row in rows if row[2] is not None}):
        session_store.settle(connection, account, session_id)
    return len(rows)


def _values(row: Interaction) -> dict[str, Value]:
    usage, timings = row.usage, row.timings
    return {
        "completion_id": row.completion_id,
        "account": row.account,
        "created_at_ms": row.created_at_ms,
        "answer_id": _plain(row.answer_id),
        "choice": row.index,
        "source": row.source,
        "project_id": row.project_id,
        "door": row.door,
        "request_id": _plain(row.request_id),
        "model": _plain(row.model),
        "node": _plain(row.node),
        "session_id": _plain(row.session_id),
        "user_id": _plain(row.user),
        "campaign": _plain(row.campaign),
        "variant": _plain(row.variant),
        "unit": row.unit,
        "prompt_hash": row.prompt_hash,
        "messages": messages.encode(row.messages),
        "completion": _json(row.completion),
        "finish_reason": row.finish_reason,
        "error": row.error,
        "parameters": _json(row.parameters),
        "prompt_tokens": usage.prompt_tokens,
        "completion_tokens": usage.completion_tokens,
        "cached_tokens": usage.cached_tokens,
        "reasoning_tokens": usage.reasoning_tokens,
        "queued_ms": timings.queued_ms,
        "ttft_ms": timings.ttft_ms,
        "total_ms": timings.total_ms,
        "labels": _json(row.labels),
        "tags": _json(row.tags),
        "kept_at_ms": row.kept_at_ms or row.created_at_ms,
    }


def _interaction(row: Row) -> Interaction:
    found: dict[str, Any] = dict(zip(COLUMNS, row, strict=True))  # Any: columns of several types
    return Interaction(
        **{name: found[name] for name in PASSED_ON},
        index=found["choice"],
        user=found["user_id"],
        messages=messages.decode(found["messages"]),
        completion=_answer.decode(found["completion"]),
        parameters=_parameters.decode(found["parameters"]),
        usage=Usage(
            found["prompt_tokens"], found["completion_tokens"], found["cached_tokens"], found["reasoning_tokens"]
        ),
        timings=Timings(found["queued_ms"], found["ttft_ms"], found["total_ms"]),
        labels=_labels.decode(found["labels"]),
        tags=_tags.decode(found["tags"]),
    )


PASSED_ON = (
    "completion_id", "account", "created_at_ms", "answer_id", "source", "project_id", "door", "request_id", "model",
    "node", "session_id", "campaign", "variant", "unit", "finish_reason", "error", "prompt_hash",
)  # fmt: skip


def _plain(text: str | None) -> str | None:
    """The text in a column of its own, where U+0000 cannot stand; inside JSON it can."""
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}") if text is not None and "\0" in text else text


def _json(value: Answer | Parameters | dict[str, str] | Sequence[str]) -> str:
    return msgspec.json.encode(value).decode()
