"""All parts of channels, put together over one database."""

from __future__ import annotations

from collections.abc import Sequence

from antiphon.channels.directory import Directory
from antiphon.channels.following import Following
from antiphon.channels.model import Bounds
from antiphon.channels.service import Messages
from antiphon.channels.sweep import Sweep
from antiphon.channels.watch import Watch
from antiphon.clock import Clock
from antiphon.db import Database
from antiphon.ids import Ids


class Channels:
    """What a gateway holds of channels. `public` are those that are always there; `now_sql` is the database's clock."""

    def __init__(
        self, database: Database, bounds: Bounds, *, public: Sequence[str], now_sql: str, clock: Clock, ids: Ids
    ) -> None:
        self._public = public
        self.bounds = bounds
        self.watch = Watch(database)
        self.directory = Directory(database, bounds, clock=clock, ids=ids)
        self.messages = Messages(database, bounds, now_sql=now_sql, on_post=self.watch.posted)
        self.following = Following(self.messages, self.watch, bounds)
        self.sweep = Sweep(database, retention_days=bounds.retention_days, now_sql=now_sql)

    async def start(self) -> None:
        """Make the public channels that are missing."""
        await self.directory.keep_public(self._public)

    def leave(self) -> None:
        """Let followers go: they come back to another gateway."""
        self.watch.end()
