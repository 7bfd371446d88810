"""The database as a command reads it beside gateways that use it: one snapshot, nothing made, nothing migrated."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from antiphon.clock import SystemClock
from antiphon.db import StatementFailed, address
from antiphon.db.open import FILE_NAME, driver_for
from antiphon.db.session import DAMAGED, DatabaseFailed, Kind, Session, Use
from antiphon.errors import ConfigError
from antiphon.settings.model import Settings


@contextmanager
def snapshot(settings: Settings, what: str) -> Iterator[Session]:
    """A session that reads; ConfigError, which says that `what` cannot be read, whatever fails within."""
    url = None if settings.database.url is None else settings.database.url.reveal()
    if url is None or not address.of_server(url):
        path = settings.data_dir.expanduser() / FILE_NAME if url is None else address.file_path(url)
        if not path.is_file():
            raise ConfigError(f"database.url: {path} is not there.")
    try:
        session = driver_for(url, settings.data_dir, SystemClock()).connect(Use.READ)
        try:
            session.begin()
            yield session
        finally:
            session.close()
    except DatabaseFailed as failure:
        code = DAMAGED if failure.kind is Kind.DAMAGED else None
        raise ConfigError(f"database.url: {what} cannot be read: {failure}.", code=code) from failure
    except StatementFailed as failure:
        raise ConfigError(f"database.url: {what} cannot be read: {failure}.") from failure
