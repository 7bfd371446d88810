"""A backup: one file that the database's own tools read too, and a database that is made out of one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

from antiphon.clock import Clock
from antiphon.db import Row, address
from antiphon.db.migrate import Migration, objection
from antiphon.db.new_file import appearing
from antiphon.db.open import FILE_NAME, driver_for
from antiphon.db.sqlite_backup import BEGINNING as SQLITE
from antiphon.db.sqlite_backup import SQLiteBackups
from antiphon.errors import ConfigError

Migrations = Sequence[Migration]


class Restoring(Protocol):
    """How one database is made out of backups of a kind."""

    @property
    def kind(self) -> str:
        """What the backups are of, for people."""
        ...

    @property
    def beginning(self) -> bytes:
        """What each of the backups begins with."""
        ...

    def applied(self, file: Path) -> Sequence[Row]:
        """The migrations that had been applied to what a backup holds: number, name and digest of each."""
        ...

    def restore(self, file: Path) -> None:
        """Make the database out of a backup, whole or not at all; ConfigError where anything is stored already."""
        ...


class Backups(Restoring, Protocol):
    """How one database is copied into a file, and made out of one."""

    @property
    def suffix(self) -> str:
        """How the name of a backup ends."""
        ...

    def write(self, file: Path) -> None:
        """Copy all that is stored at one moment into a file that is there and empty, beside gateways that go on."""
        ...


def backups_for(url: str | None, *, data_dir: Path, clock: Clock, environ: Mapping[str, str]) -> Backups:
    """How the database at `url` is backed up, by default the file in `data_dir`; nothing is made."""
    if url is not None and address.of_server(url):
        from antiphon.db.postgres_backup import PostgresBackups

        return PostgresBackups(url, driver_for(url, data_dir, clock), environ=environ)
    if url is not None and (fault := address.fault(url)):
        raise ConfigError(f"database.url: {fault}.")
    return SQLiteBackups(data_dir.expanduser() / FILE_NAME if url is None else address.file_path(url))


def back_up(backups: Backups, file: Path) -> None:
    """Copy the database into a new file, for its owner's eyes only; ConfigError when that cannot be."""
    with appearing(file) as part:
        backups.write(part)


def restoring_for(
    file: Path, url: str | None, *, data_dir: Path, clock: Clock, environ: Mapping[str, str], migrations: Migrations
) -> Restoring:
    """How the database at `url` is made out of that backup: one of SQLite may become a database of PostgreSQL."""
    if url is not None and address.of_server(url) and _begins(file, len(SQLITE)) == SQLITE:
        from antiphon.db.sqlite_move import SQLiteMove

        return SQLiteMove(driver_for(url, data_dir, clock), migrations)
    return backups_for(url, data_dir=data_dir, clock=clock, environ=environ)


def restore(restoring: Restoring, file: Path, *, migrations: Migrations) -> None:
    """Make the database out of a backup of this version or an older one, where nothing is stored yet."""
    if _begins(file, len(restoring.beginning)) != restoring.beginning:
        raise ConfigError(f"{file} is no backup of {restoring.kind}, which is what database.url leads to.")
    reason = objection(restoring.applied(file), migrations)
    if reason is not None:
        raise ConfigError(f"{file} cannot be restored: {reason}.")
    restoring.restore(file)


def _begins(file: Path, size_bytes: int) -> bytes:
    """The first bytes of a file."""
    try:
        with file.open("rb") as opened:
            return opened.read(size_bytes)
    except OSError as error:
        raise ConfigError(f"{file} cannot be read: {error.strerror}.") from error
