"""All parts of campaigns, put together over one database."""

from __future__ import annotations

from collections.abc import Coroutine, Sequence

from msgspec import Struct
from msgspec.structs import replace

from antiphon.campaigns.counting import Counting, OnLost
from antiphon.campaigns.judging import Judge
from antiphon.campaigns.known import KnownCampaigns
from antiphon.campaigns.model import Campaign
from antiphon.campaigns.service import Campaigns
from antiphon.campaigns.watch import OnEvent, Watch
from antiphon.clock import Clock
from antiphon.db import Database
from antiphon.errors import RequestError
from antiphon.ids import Ids
from antiphon.projects.service import Projects


class Configured(Struct, frozen=True):
    """A campaign of the configuration; `project` is an id or a key, `running` says whether it begins by itself."""

    campaign: Campaign
    project: str
    running: bool


class CampaignParts:
    """What a gateway holds of campaigns. `on_lost` is told of counts that are lost, `on_event` what becomes of which.

    Make it within a running event loop.
    """

    def __init__(
        self,
        database: Database,
        projects: Projects,
        judge: Judge,
        *,
        configured: Sequence[Configured] = (),
        clock: Clock,
        ids: Ids,
        on_lost: OnLost,
        on_event: OnEvent,
    ) -> None:
        self._projects = projects
        self._configured = configured
        self._on_event = on_event
        self.known = KnownCampaigns(database)
        self.campaigns = Campaigns(database, self.known, clock=clock, ids=ids)
        self.counting = Counting(database, on_lost=on_lost)
        self._watch = Watch(self.campaigns, self.known, judge, projects, on_event=on_event)

    async def start(self) -> None:
        """Read what requests need, make what the configuration asks for, and begin to count."""
        await self.known.refresh()
        for configured in self._configured:
            await self._make(configured)
        self.counting.start()

    def runs(self) -> tuple[Coroutine[None, None, None], ...]:
        """What runs beside requests for as long as the gateway does."""
        return self.known.run(), self._watch.run()

    async def close(self) -> None:
        """Write what is on its way."""
        await self.counting.close()

    async def _make(self, configured: Configured) -> None:
        """A campaign that is not there yet. One that was made before goes on as it is, whatever has become of it.

        What cannot be made is told and left out: a gateway does not stay away because of an experiment.
        """
        draft = configured.campaign
        if self.known.find(draft.account, draft.key) is not None:
            return
        try:
            project = self._projects.get(configured.project)
            await self.campaigns.create(replace(draft, project_id=project.id), start=configured.running)
        except RequestError as error:
            await self.known.catch_up()  # another gateway may have made it at this moment
            if error.param != "key" and self.known.find(draft.account, draft.key) is None:  # else it is archived
                self._on_event(draft, f"it cannot be made: {error.message}")
