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
from antiphon.errors import ConfigError


class Backups(Protocol):
    """How one database is copied into a file, and made out of one."""

    @property
    def kind(self) -> str:
        """The database's name for people."""
        ...

    @property
    def beginning(self) -> bytes:
        """What each of its backups begins with."""
        ...

    @property
    def suffix(self) -> str:
        """How the name of a backup ends."""
        ...

    def write(self, file: Path) -> None:
        """Copy all that is stored at one moment into a file that is there and empty, beside gateways that go on."""
        ...

    def applied(self, file: Path) -> Sequence[Row]:
        """The migrations that had been applied to what a backup holds: number, name and digest of each."""
        ...

    def restore(self, file: Path) -> None:
        """Make the database out of a backup, whole or not at all; ConfigError where anything is stored already."""
        ...


def backups_for(url: str | None, *, data_dir: Path, clock: Clock, environ: Mapping[str, str]) -> Backups:
    """How the database at `url` is backed up, by default the file in `data_dir`; nothing is made."""
    if url is not None and address.of_server(url):
        from antiphon.db.postgres_backup import PostgresBackups

        return PostgresBackups(url, driver_for(url, data_dir, clock), environ=environ)
    from antiphon.db.sqlite_backup import SQLiteBackups

    if url is not None and (fault := address.fault(url)):
        raise ConfigError(f"database.url: {fault}.")
    return SQLiteBackups(data_dir.expanduser() / FILE_NAME if url is None else address.file_path(url))


def back_up(backups: Backups, file: Path) -> None:
    """Copy the database into a new file, for its owner's eyes only; ConfigError when that cannot be."""
    with appearing(file) as part:
        backups.write(part)


def restore(backups: Backups, file: Path, *, migrations: Sequence[Migration]) -> None:
    """Make the database out of a backup of this version or an older one, where nothing is stored yet."""
    try:
        with file.open("rb") as opened:
            begins = opened.read(len(backups.beginning))
    except OSError as error:
        raise ConfigError(f"{file} cannot be read: {error.strerror}.") from error
    if begins != backups.beginning:
        raise ConfigError(f"{file} is no backup of {backups.kind}, which is what database.url leads to.")
    reason = objection(backups.applied(file), migrations)
    if reason is not None:
        raise ConfigError(f"{file} cannot be restored: {reason}.")
    backups.restore(file)
