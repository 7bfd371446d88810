"""Interactions for tests: complete ones, with ids that repeat."""

from __future__ import annotations

from typing import Any

from antiphon.chat import Message, Usage
from antiphon.db import Connection, Database
from antiphon.interactions import store
from antiphon.interactions.model import Answer, Interaction, Reach, Timings, kept_rows

ANN, BOB = Reach("ann"), Reach("bob")
ASKED = (Message("system", "Be brief."), Message("user", "Why is the sky blue?"))
NOW_MS = 1_700_000_000_000


def uuid(number: int) -> str:
    """The UUID that stands for a number."""
    return f"00000000-0000-4000-8000-{number:012d}"


def row(number: int = 1, **changes: Any) -> Interaction:  # Any: fields of several types
    """An interaction of Ann's; `changes` are its fields."""
    fields: dict[str, Any] = {
        "completion_id": uuid(number),
        "account": "ann",
        "created_at_ms": NOW_MS + number,
        "messages": ASKED,
        "completion": Answer("Because of Rayleigh."),
        "answer_id": f"chatcmpl-{number}",
        "model": "m",
        "finish_reason": "stop",
        "usage": Usage(11, 5, 2, 1),
        "timings": Timings(0.5, 12.25, 40.0),
    }
    return Interaction(**(fields | changes))


async def keep(database: Database, *rows: Interaction) -> None:
    """Put them straight into the database."""

    def work(connection: Connection) -> None:
        for one in kept_rows(rows):
            store.insert(connection, one)

    await database.write(work)
