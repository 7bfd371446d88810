"""What the threads need from a driver: connections with explicit transactions, and failures of a few kinds."""

from __future__ import annotations

import enum
from typing import Protocol

from antiphon.db import Connection


class Use(enum.Enum):
    """What a connection is for."""

    READ = "read"
    WRITE = "write"
    MIGRATE = "migrate"  # writes, and may take its time


class Kind(enum.Enum):
    """What a failure of the database means for the works at hand."""

    CONFLICT = "conflict"  # a deadlock or a serialization failure: nothing was kept, the same works may go again
    LOST = "lost"  # the connection is gone: nothing was kept, the works may go again on a new one
    DOWN = "down"  # no answer, no space, a lock held by others: going again at once would not help
    SLOW = "slow"  # one statement took too long and was ended; the database goes on
    DAMAGED = "damaged"  # what is stored does not fit together: for a person to see to
    UNCONFIRMED = "unconfirmed"  # the answer to a commit was lost: whether it was kept is not known


DAMAGED = "database_damaged"  # the code of a ConfigError that says so


class DatabaseFailed(Exception):
    """The database could not do it, whatever the work: raised by drivers, ended by the threads."""

    def __init__(self, kind: Kind, reason: str) -> None:
        super().__init__(reason)
        self.kind = kind
        self.reason = reason


class Session(Connection, Protocol):
    """One connection, used by one thread. Every method may raise DatabaseFailed."""

    @property
    def failure(self) -> Exception | None:
        """The error of a statement since the last savepoint: the work that caused it cannot go on."""
        ...

    def begin(self) -> None:
        """Start a transaction: a writer's excludes all other writers, a reader's holds one snapshot."""
        ...

    def commit(self) -> None:
        """Make the transaction durable."""
        ...

    def rollback(self) -> None:
        """Undo the transaction."""
        ...

    def savepoint(self) -> None:
        """Mark where one work of the transaction begins."""
        ...

    def release(self) -> None:
        """Keep what was done since the savepoint."""
        ...

    def undo(self) -> None:
        """Undo what was done since the savepoint."""
        ...

    def check(self) -> None:
        """Raise ConfigError when what is stored is damaged, as far as that can be seen at a start."""
        ...

    def probe(self) -> None:
        """Return when works can be served again."""
        ...

    def close(self) -> None:
        """Let go of the connection, in whatever state it is; raises nothing."""
        ...


class Driver(Protocol):
    """How one database is reached."""

    @property
    def readers(self) -> int:
        """How many threads read at once."""
        ...

    def connect(self, use: Use) -> Session:
        """A new connection; DatabaseFailed when there is none."""
        ...
