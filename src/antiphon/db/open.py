"""From a database's URL to a Database whose tables are those of this version."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from antiphon.clock import Clock, SystemClock
from antiphon.db import Database, StatementFailed, address
from antiphon.db.migrate import Migration, migrate, own_migrations
from antiphon.db.session import DAMAGED, DatabaseFailed, Driver, Kind, Use
from antiphon.db.sqlite import SQLiteDriver, create
from antiphon.db.threaded import OnChange, ThreadedDatabase
from antiphon.errors import ConfigError

FILE_NAME = "antiphon.db"


def unheard(_refused: Literal["reads", "writes"], _reason: str | None) -> None:
    """For a database whose failures nobody follows."""


def open_database(
    url: str | None,
    *,
    data_dir: Path,
    clock: Clock | None = None,
    on_change: OnChange = unheard,
    migrations: Sequence[Migration] | None = None,
) -> Database:
    """The database at `url`, by default a file in `data_dir`, migrated; ConfigError when it cannot be used.

    `sqlite:///antiphon.db` is a file in the working directory, `sqlite:////var/antiphon.db` one anywhere,
    `postgresql://user:password@host/name` a database of a server. Blocks until the migrations are done. `on_change` is
    called in a database thread when reads or writes begin to be refused, with the reason, and with None when that is
    over.
    """
    clock = clock or SystemClock()
    driver = driver_for(url, data_dir, clock)
    try:
        session = driver.connect(Use.MIGRATE)
        try:
            session.check()
            migrate(session, own_migrations() if migrations is None else migrations, clock=clock)
        finally:
            session.close()
    except DatabaseFailed as failure:
        code = DAMAGED if failure.kind is Kind.DAMAGED else None
        raise ConfigError(f"database.url: the database cannot be used: {failure}.", code=code) from failure
    except StatementFailed as failure:
        raise ConfigError(f"database.url: the database cannot be used: {failure}.") from failure
    return ThreadedDatabase(driver, clock=clock, on_change=on_change)


def open_volatile(url: str, *, data_dir: Path, clock: Clock, on_change: OnChange = unheard) -> Database:
    """A second way to a database of a server that is open, for what a crash of the server may take.

    Its commits wait for no disk, and for no writer of anything else.
    """
    return ThreadedDatabase(driver_for(url, data_dir, clock, volatile=True), clock=clock, on_change=on_change)


def driver_for(url: str | None, data_dir: Path, clock: Clock, *, volatile: bool = False) -> Driver:
    """How the database at `url` is reached; a file is made if it is missing."""
    if url is not None and (fault := address.fault(url)):
        raise ConfigError(f"database.url: {fault}.")
    if url is not None and address.of_server(url):
        try:
            from antiphon.db.postgres import PostgresDriver
        except ImportError as error:
            raise ConfigError("database.url: PostgreSQL needs more: pip install 'antiphon[postgres]'.") from error
        return PostgresDriver(url, clock=clock, volatile=volatile)
    path = data_dir.expanduser() / FILE_NAME if url is None else address.file_path(url)
    create(path)
    return SQLiteDriver(path, clock=clock)
