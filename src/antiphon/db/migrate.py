"""Brings a database to the form that this version of Antiphon reads and writes: forward only, one file at a time."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from importlib import resources

from msgspec import Struct

from antiphon.clock import Clock
from antiphon.db import Row, StatementFailed
from antiphon.db.scan import statements
from antiphon.db.session import Session
from antiphon.errors import ConfigError

NAME = re.compile(r"(\d{4})_([a-z0-9_]+)\.sql")
TABLE = """
CREATE TABLE IF NOT EXISTS migrations (
  number INTEGER PRIMARY KEY,
  name TEXT NOT NULL,
  digest TEXT NOT NULL,
  applied_at_ms BIGINT NOT NULL
)
"""
APPLIED = "SELECT number, name, digest FROM migrations ORDER BY number"


class Migration(Struct, frozen=True):
    """One numbered SQL file."""

    number: int
    name: str
    sql: str

    @property
    def digest(self) -> str:
        """The SHA-256 of its statements; a changed comment is no change."""
        return hashlib.sha256("\0".join(statements(self.sql)).encode()).hexdigest()

    def __str__(self) -> str:
        return f"{self.number:04}_{self.name}"


def own_migrations() -> tuple[Migration, ...]:
    """The files in `migrations/`, in order."""
    folder = resources.files("antiphon.db").joinpath("migrations")
    matches = sorted((match[0], match) for file in folder.iterdir() if (match := NAME.fullmatch(file.name)))
    return tuple(
        Migration(int(match[1]), match[2], folder.joinpath(name).read_text(encoding="utf-8")) for name, match in matches
    )


def migrate(session: Session, migrations: Sequence[Migration], *, clock: Clock) -> list[Migration]:
    """Apply what is missing and tell what it was; ConfigError when the database cannot be brought to this form.

    Each migration is one transaction, which excludes all other writers: a process that is killed leaves the one before
    it or the one after it, and of two that start at once one waits for the other. Those of a new database are one
    transaction together, since each takes the disk a while.
    """
    session.begin()
    session.run(TABLE)
    session.commit()
    applied: list[Migration] = []
    while just_now := _apply_next(session, migrations, clock):
        applied += just_now
    return applied


def _apply_next(session: Session, migrations: Sequence[Migration], clock: Clock) -> Sequence[Migration]:
    session.begin()
    try:
        known = session.all(APPLIED)
        left = missing(known, migrations)
        now = left[:1] if known else left
        for migration in now:
            _apply(session, migration, clock)
        if now:
            session.commit()
        else:
            session.rollback()
        return now
    except BaseException:
        session.rollback()
        raise


def missing(rows: Sequence[Row], migrations: Sequence[Migration]) -> Sequence[Migration]:
    """What is still to be applied; ConfigError when what was applied is not how this list begins."""
    reason = objection(rows, migrations)
    if reason is not None:
        raise ConfigError(_refusal(reason))
    return migrations[len(rows) :]


def objection(rows: Sequence[Row], migrations: Sequence[Migration]) -> str | None:
    """Why a database to which these rows say what was applied is not one of this version's or an older one's."""
    for row, migration in zip(rows, migrations, strict=False):
        if row[0] != migration.number:
            return f"migration {migration} was left out of it: it was not made by this program"
        if row[2] != migration.digest:
            return f"migration {migration} was applied to it in another form than this version's"
    if len(rows) > len(migrations):
        number, name = rows[-1][:2]
        known = migrations[-1] if migrations else "none"
        return f"a newer version has changed it (migration {number:04}_{name}; this version's last is {known})"
    return None


def _apply(session: Session, migration: Migration, clock: Clock) -> None:
    try:
        for statement in statements(migration.sql):
            session.run(statement)
    except StatementFailed as error:
        raise ConfigError(_refusal(f"migration {migration} failed, and was undone: {error}")) from error
    session.run(
        "INSERT INTO migrations (number, name, digest, applied_at_ms) VALUES (:number, :name, :digest, :applied_at_ms)",
        number=migration.number,
        name=migration.name,
        digest=migration.digest,
        applied_at_ms=int(clock.now() * 1000),
    )


def _refusal(reason: str) -> str:
    return f"database.url: the database cannot be used: {reason}."
