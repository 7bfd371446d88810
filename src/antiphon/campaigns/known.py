"""The campaigns as one gateway knows them: in memory for requests, read again where another gateway changed some."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterable

from antiphon.campaigns import store
from antiphon.campaigns.model import Campaign
from antiphon.db import Connection, Database
from antiphon.errors import Unavailable

REFRESH_S = 1.0


class KnownCampaigns:
    """All campaigns but the archived ones, by account; `refresh` it once, then `run` it beside requests."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._refreshing = asyncio.Lock()
        self._seen: int | None = None  # how many changes the view below shows
        self._by_id: dict[str, Campaign] = {}
        self._by_name: dict[tuple[str, str], Campaign] = {}  # under its id and its key
        self._running: dict[tuple[str, str], Campaign] = {}  # by account and project

    async def refresh(self) -> None:
        """Read the campaigns that have changed since they were read last. The first call loads them."""
        async with self._refreshing:
            seen = self._seen

            def work(connection: Connection) -> tuple[int, tuple[Campaign, ...]]:
                number = store.changes(connection)
                if number == seen:
                    return number, ()
                return number, store.in_use(connection) if seen is None else store.changed_since(connection, seen)

            self._seen, changed = await self._database.read(work)
            if changed:
                self._show(changed)

    async def run(self, every_s: float = REFRESH_S) -> None:
        """Refresh for ever; while the database does not answer, what was read last stays."""
        while True:
            await asyncio.sleep(every_s)
            await self.catch_up()

    async def catch_up(self) -> None:
        """Refresh if the database answers; what has been written is kept in any case."""
        with contextlib.suppress(Unavailable):
            await self.refresh()

    def running(self, account: str, project_id: str) -> Campaign | None:
        """The one that takes the account's requests of that project by itself."""
        return self._running.get((account, project_id))

    def find(self, account: str, name: str) -> Campaign | None:
        """The account's campaign of that id or key, unless it is archived."""
        return self._by_name.get((account, name))

    def all_running(self) -> tuple[Campaign, ...]:
        """Every campaign that runs, of all accounts."""
        return tuple(campaign for campaign in self._by_id.values() if campaign.status == "running")

    def _show(self, changed: Iterable[Campaign]) -> None:
        self._by_id |= {campaign.id: campaign for campaign in changed}
        self._by_id = {id_: campaign for id_, campaign in self._by_id.items() if campaign.status != "archived"}
        campaigns = self._by_id.values()
        by_key = {(campaign.account, campaign.key): campaign for campaign in campaigns}
        self._by_name = by_key | {(campaign.account, campaign.id): campaign for campaign in campaigns}
        self._running = {
            (campaign.account, campaign.project_id): campaign
            for campaign in campaigns
            if campaign.status == "running" and campaign.share > 0
        }
