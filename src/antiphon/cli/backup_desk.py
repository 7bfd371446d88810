"""The database as `backup`, `restore` and `upgrade` see it: its form, its books, and how it is copied."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from msgspec import Struct

from antiphon.cli.key_flags import PlaceFlags, place_assignments
from antiphon.cli.snapshot import snapshot
from antiphon.clock import Clock
from antiphon.credits.verify import Findings, verify
from antiphon.db.backup import Backups, back_up, backups_for, restore, restoring_for
from antiphon.db.migrate import APPLIED, Migration, missing, own_migrations
from antiphon.db.open import open_database
from antiphon.settings.load import load
from antiphon.settings.model import Settings


class BackupDesk(Struct, frozen=True):
    """One database, and this version's migrations."""

    settings: Settings
    clock: Clock
    backups: Backups
    migrations: tuple[Migration, ...]

    @property
    def form(self) -> str:
        """The last migration of this version."""
        return str(self.migrations[-1])

    @property
    def pepper(self) -> str:
        """Where the pepper is, without which the keys in the database are void."""
        kept = self.settings.auth.pepper is None
        return str(self.settings.data_dir.expanduser() / "pepper") if kept else "auth.pepper"

    def left(self) -> Sequence[Migration]:
        """What would have to be applied; ConfigError when there is no database, or it is not of this version."""
        with snapshot(self.settings, "the database") as session:
            return missing(session.all(APPLIED), self.migrations)

    def proof(self) -> Findings:
        """Every rule of the books, held against every row."""
        with snapshot(self.settings, "the books") as session:
            return verify(session, now_ms=int(self.clock.now() * 1000))

    def back_up(self, file: Path | None) -> Path:
        """Copy the database into a new file, named by the time unless it has a name; where it is."""
        folder = Path() if file is None else file
        at = folder / self._name() if folder.is_dir() else folder
        back_up(self.backups, at)
        return at

    def restore(self, file: Path) -> None:
        """Make the database out of a backup, and bring it to the form of this version."""
        restoring = restoring_for(
            file,
            _url(self.settings),
            data_dir=self.settings.data_dir,
            clock=self.clock,
            environ=os.environ,
            migrations=self.migrations,
        )
        restore(restoring, file, migrations=self.migrations)
        self.migrate()

    def migrate(self) -> None:
        """Bring the database to the form of this version, as the start of a gateway does."""
        url = _url(self.settings)

        async def once() -> None:
            await open_database(url, data_dir=self.settings.data_dir, clock=self.clock).close()

        asyncio.run(once())

    def _name(self) -> str:
        moment = datetime.fromtimestamp(self.clock.now(), UTC).strftime("%Y%m%dT%H%M%SZ")
        return f"antiphon-{moment}{self.backups.suffix}"


def backup_desk(place: PlaceFlags, clock: Clock) -> BackupDesk:
    """The desk of the database that the settings name."""
    loaded = load(config=place.config, variables=os.environ, flags=place_assignments(place), folder=Path.cwd())
    settings = loaded.settings
    backups = backups_for(_url(settings), data_dir=settings.data_dir, clock=clock, environ=os.environ)
    return BackupDesk(settings, clock, backups, own_migrations())


def books_text(found: Findings) -> str:
    """What was proven of the books, or what is wrong with them."""
    if found.fault is not None:
        return f"The books do not add up: {found.fault}."
    return f"The books are sound: {found.journals} journals, {found.accounts} accounts, {found.receipts} receipts."


def _url(settings: Settings) -> str | None:
    return None if settings.database.url is None else settings.database.url.reveal()
