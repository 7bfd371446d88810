"""The database seam: portable SQL with `:name` parameters, read in a snapshot, written in groups.

SQLite and PostgreSQL stand behind it; `open.py` chooses. A store is plain functions over a Connection, called within a
work: a function that Database runs in a thread of its own, in a transaction. What both databases take:

- `:name` for values; CAST(:name AS TEXT) where nothing else tells its type, as in `CAST(:name AS TEXT) IS NULL`.
- INTEGER, BIGINT, DOUBLE PRECISION and TEXT columns; a truth is INTEGER 0 or 1, on the way back too.
- ON CONFLICT, RETURNING, WITH, and one statement in each call. No character U+0000 in a text.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, TypeVar

Value = None | int | float | str
Row = tuple[Any, ...]  # Any: a row holds whatever the statement selects
T = TypeVar("T")


class StatementFailed(Exception):
    """The database refuses a statement, its form or its values: the work fails, nothing of it is kept."""


class ConstraintBroken(StatementFailed):
    """A row breaks a unique, foreign-key, not-null or check constraint: the work fails, nothing of it is kept."""


class Connection(Protocol):
    """What a work may do. After any error the work can only end: its changes are undone.

    `listed` are the values of `:v0`, `:v1` and so on, which stand there in this order, with no other between.
    """

    def all(self, sql: str, /, *listed: Value, **values: Value) -> list[Row]:
        """Every row of a statement."""
        ...

    def one(self, sql: str, /, **values: Value) -> Row | None:
        """The first row of a statement, None when there is none."""
        ...

    def run(self, sql: str, /, *listed: Value, **values: Value) -> int:
        """The number of rows that a statement changed."""
        ...


Work = Callable[[Connection], T]


class Database(Protocol):
    """Where rows live. A caller that is cancelled leaves a work that may or may not be done, never one half done."""

    @property
    def healthy(self) -> bool:
        """Whether it answered last time; while it does not, it is asked again several times a second."""
        ...

    async def read(self, work: Work[T]) -> T:
        """What `work` returns, from one snapshot; Unavailable when the database does not answer."""
        ...

    async def write(self, work: Work[T]) -> T:
        """What `work` returns, after its durable commit; Unavailable when the database does not answer.

        Works that wait together share a commit, and one that raises fails alone. A work may be run again, after a
        deadlock or a lost connection, so it must have no effect but SQL. Unavailable with the code
        `write_unconfirmed` says that the answer to the commit was lost: the work may have been done.
        """
        ...

    async def close(self) -> None:
        """Finish the works that wait, take no more, end the threads."""
        ...
