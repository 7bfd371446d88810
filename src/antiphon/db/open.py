"""From a database's URL to a Database whose tables are those of this version."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from urllib.parse import unquote, urlsplit

from antiphon.clock import Clock, SystemClock
from antiphon.db import Database, sqlite
from antiphon.db.migrate import Migration, migrate, own_migrations
from antiphon.db.session import DatabaseFailed
from antiphon.db.threaded import Driver, OnChange, ThreadedDatabase, unheard
from antiphon.errors import ConfigError

FILE_NAME = "antiphon.db"


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
    called in a database thread, with the reason when the database stops answering, with None when it is back.
    """
    clock = clock or SystemClock()
    driver = _driver(url, data_dir)
    try:
        session = driver.connect_writer()
        try:
            migrate(session, own_migrations() if migrations is None else migrations, clock=clock)
        finally:
            session.close()
    except DatabaseFailed as failure:
        raise ConfigError(f"database.url: the database cannot be used: {failure.reason}.") from failure
    return ThreadedDatabase(driver, clock=clock, on_change=on_change)


def _driver(url: str | None, data_dir: Path) -> Driver:
    path = data_dir.expanduser() / FILE_NAME if url is None else _sqlite_path(url)
    sqlite.create(path)
    return sqlite.driver(path)


def _sqlite_path(url: str) -> Path:
    parts = urlsplit(url)
    path = unquote(parts.path.removeprefix("/"))
    if parts.scheme != "sqlite" or parts.netloc or parts.query or parts.fragment or not path:
        raise ConfigError("database.url: expected sqlite:///FILE.")
    return Path(path).expanduser()
