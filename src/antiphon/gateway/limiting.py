"""Where a gateway counts what its keys ask for: in memory, or together with others in their database."""

from __future__ import annotations

from antiphon.accounts.limits import Limiter, Limits
from antiphon.accounts.shared_limits import SharedLimits
from antiphon.clock import Clock
from antiphon.db import Database, address
from antiphon.db.moment import now_sql
from antiphon.db.open import open_volatile
from antiphon.ids import Ids
from antiphon.observe.logs import Log
from antiphon.settings.model import Settings


class Limiting:
    """A limiter, and the way to the database that it may have of its own. Make it within a running event loop."""

    def __init__(self, settings: Settings, database: Database, *, clock: Clock, ids: Ids, log: Log) -> None:
        self._log = log
        url = None if settings.database.url is None else settings.database.url.reveal()
        server = url is not None and address.of_server(url)
        shared = settings.limits.shared
        self._own: Database | None = None
        self._shared: SharedLimits | None = None
        if shared == "off" or (shared == "auto" and not server):
            self.limiter: Limiter = Limits()
            return
        if url is not None and server:
            database = self._own = open_volatile(url, data_dir=settings.data_dir, clock=clock, on_change=self._changed)
        self.limiter = self._shared = SharedLimits(database, run=ids.make("run-"), now_sql=now_sql(url))

    def _changed(self, _refused: str, reason: str | None) -> None:
        if reason is None:
            self._log.info("limits are counted with other gateways again")
        else:
            self._log.warning("limits are counted here alone", reason=reason)

    async def close(self) -> None:
        """Tell the other gateways that nothing runs here any more."""
        if self._shared is not None:
            await self._shared.close()
        if self._own is not None:
            await self._own.close()
