"""Backups of a file of SQLite: another file of SQLite, copied page by page beside gateways that write."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from antiphon.db import Row
from antiphon.db.migrate import APPLIED
from antiphon.db.new_file import appearing
from antiphon.errors import ConfigError

LOCK_S = 60.0  # a gateway that starts may have the file to itself for a moment
BEGINNING = b"SQLite format 3\0"
BESIDE = ("-wal", "-shm", "-journal")  # what SQLite would take for a part of a file that appears beside them


class SQLiteBackups:
    """Copies of the file at `path`, and that file out of a copy."""

    kind = "SQLite"
    beginning = BEGINNING
    suffix = ".db"

    def __init__(self, path: Path) -> None:
        self._path = path

    def write(self, file: Path) -> None:
        """Copy all that is committed at one moment, and hold the copy's pages against each other."""
        _copy(self._path, file)

    def applied(self, file: Path) -> Sequence[Row]:
        """What a backup's table of migrations says."""
        with opened(file) as connection:
            rows: list[Row] = connection.execute(APPLIED).fetchall()
            return rows

    def restore(self, file: Path) -> None:
        """Put a copy of the backup where the file is to be; what is there already is not touched."""
        for there in (self._path, *(self._path.with_name(self._path.name + end) for end in BESIDE)):
            if there.exists():
                raise ConfigError(f"database.url: {there} is there; end the gateways and move it away first.")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ConfigError(f"database.url: {self._path} cannot be used: {error.strerror}.") from error
        with appearing(self._path) as part:
            _copy(file, part)


def _copy(source: Path, target: Path) -> None:
    """Copy a file's pages in one step, which no writer can come between, into one that needs no log beside it."""
    with opened(source) as read, closing(sqlite3.connect(target, isolation_level=None)) as written:
        read.backup(written)
        written.execute("PRAGMA journal_mode = DELETE").fetchall()
        require_whole(written, source)


def require_whole(connection: sqlite3.Connection, path: Path) -> None:
    """Hold the pages against each other; ConfigError, which names `path`, when they do not fit."""
    (finding,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    if finding != "ok":
        raise ConfigError(f"{path} is damaged ({' '.join(finding.split())}): nothing good can be made of it.")


@contextmanager
def opened(path: Path) -> Iterator[sqlite3.Connection]:
    """A connection to a file that is there; whatever SQLite has against it is told as ConfigError."""
    if not path.is_file():
        raise ConfigError(f"{path} is not there.")
    try:
        address = f"{path.absolute().as_uri()}?mode=rw"
        with closing(sqlite3.connect(address, uri=True, timeout=LOCK_S, isolation_level=None)) as connection:
            yield connection
    except sqlite3.Error as error:
        raise ConfigError(f"{path} cannot be copied: {error}.") from error
