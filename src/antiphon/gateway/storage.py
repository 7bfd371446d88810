"""What a gateway keeps: the database, and the stores over it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from typing import Literal

from antiphon.accounts.service import Keys
from antiphon.accounts.stored_keys import StoredKeys
from antiphon.campaigns.model import Campaign
from antiphon.campaigns.parts import CampaignParts
from antiphon.campaigns.report import Reports
from antiphon.channels.parts import Channels
from antiphon.chat import Message
from antiphon.clock import Clock
from antiphon.credits.earnings import Earnings
from antiphon.credits.gifts import Welcome
from antiphon.credits.lease_store import Settlement
from antiphon.credits.receipts import Receipts
from antiphon.credits.service import Credits
from antiphon.db import Database
from antiphon.db.moment import now_sql
from antiphon.db.open import open_database
from antiphon.errors import Unavailable
from antiphon.feedback.comparing import Comparisons
from antiphon.feedback.metrics import FeedbackMetrics
from antiphon.feedback.service import Feedbacks
from antiphon.gateway import values
from antiphon.gateway.topups import topups
from antiphon.idempotency.claims import Claims
from antiphon.idempotency.once import Once
from antiphon.ids import Ids
from antiphon.interactions.access import reach
from antiphon.interactions.recorder import Recorder
from antiphon.interactions.retention import Retention
from antiphon.interactions.service import Interactions
from antiphon.interactions.sessions import Sessions
from antiphon.interactions.sweeper import Sweeper
from antiphon.key import Key
from antiphon.nodes.service import Nodes
from antiphon.observe.logs import Log
from antiphon.projects.model import built_in
from antiphon.projects.service import Projects
from antiphon.settings.campaigns import as_configured
from antiphon.settings.model import Settings
from antiphon.settings.projects import as_project

HOLD_MARGIN_S = 60.0  # what is held for a request is let go of so long after its time must be up


class Storage:
    """Opens the database at once; `start` begins what runs beside requests."""

    def __init__(
        self,
        settings: Settings,
        *,
        clock: Clock,
        ids: Ids,
        log: Log,
        on_revoked: Callable[[Sequence[str]], None],
        on_uncharged: Callable[[Settlement], None],
        on_miscounted: Callable[[int], None],
    ) -> None:
        self._log = log
        self._on_uncharged = on_uncharged
        self._on_miscounted = on_miscounted
        url = None if settings.database.url is None else settings.database.url.reveal()
        self._database = open_database(url, data_dir=settings.data_dir, clock=clock, on_change=self._changed)
        self.projects = Projects(
            self._database,
            configured=tuple(map(as_project, settings.projects)),
            built_in=built_in(_first_model(settings)),
            clock=clock,
            ids=ids,
        )
        self.recorder = Recorder(self._database, on_lost=self._lost)
        self.interactions = Interactions(self._database, self.recorder)
        self.sessions = Sessions(self._database, self.recorder, self.interactions)
        self._sweeper = self._retention(settings, clock)
        patience = values.patience(settings)
        self.feedbacks = Feedbacks(self._database, self.interactions, clock=clock, ids=ids, patience=patience)
        self.comparisons = Comparisons(self._database, self.interactions, clock=clock, ids=ids, patience=patience)
        self.feedback_metrics = FeedbackMetrics(self._database, clock=clock, ids=ids)
        self.peppers = values.peppers(settings)
        self.keys = Keys(
            self._database,
            self.peppers[0],
            kind=values.key_kind(settings),
            keys_max=settings.auth.keys_per_account_max,
            clock=clock,
            ids=ids,
            on_create=Welcome(values.gifts(settings).signup, clock=clock),
        )
        self.stored_keys = StoredKeys(
            self._database,
            self.peppers,
            clock=clock,
            now_s=asyncio.get_running_loop().time,
            account_allowance=values.account_allowance(settings),
            on_revoked=on_revoked,
        )
        self.nodes = Nodes(self._database, self.peppers, clock=clock, ids=ids)
        self.credits = Credits(
            self._database,
            gateway=ids.make("gateway-"),
            clock=clock,
            on_lost=self._uncharged,
            hold_s_max=settings.timeouts.total_s_max + HOLD_MARGIN_S,
        )
        self.receipts = Receipts(
            self._database, self.credits.leases.settlements, days=settings.credits.receipt_days, clock=clock
        )
        self.earnings = Earnings(self._database)
        self.channels = self._channels(settings, clock, ids)
        self.reports = Reports(self._database, clock=clock)
        self.campaigns = self._campaigns(settings, clock, ids)
        self.topups = topups(settings, self._database, self.credits, clock=clock, log=log)
        self.once = self._once(settings, clock, ids)
        self._tasks: list[asyncio.Task[None]] = []

    def _retention(self, settings: Settings, clock: Clock) -> Sweeper:
        return Sweeper(
            self._database,
            Retention(settings.interactions.keep_days),
            projects=lambda: self.projects.by_name,
            clock=clock,
            on_swept=self._swept,
        )

    def _campaigns(self, settings: Settings, clock: Clock, ids: Ids) -> CampaignParts:
        return CampaignParts(
            self._database,
            self.projects,
            self.reports,
            configured=tuple(map(as_configured, settings.campaigns)),
            clock=clock,
            ids=ids,
            on_lost=self._miscounted,
            on_event=self._campaign_event,
        )

    def _channels(self, settings: Settings, clock: Clock, ids: Ids) -> Channels:
        url = settings.database.url
        return Channels(
            self._database,
            values.channel_bounds(settings),
            public=settings.channels.public,
            now_sql=now_sql(None if url is None else url.reveal()),
            clock=clock,
            ids=ids,
        )

    def _once(self, settings: Settings, clock: Clock, ids: Ids) -> Once:
        kept = settings.idempotency
        claims = Claims(
            self._database,
            run=ids.make("run-"),
            clock=clock,
            ids=ids,
            keep_s=kept.keep_s,
            account_bytes_max=kept.account_bytes_max,
            on_lost=self._unkept,
        )
        return Once(
            claims,
            answer_bytes_max=kept.answer_bytes_max,
            memory_bytes_max=kept.memory_bytes_max,
            drain_s=settings.server.drain_s,
        )

    @property
    def database(self) -> Database:
        """What all stores are kept in."""
        return self._database

    @property
    def healthy(self) -> bool:
        """Whether the database answered last time."""
        return self._database.healthy

    def _changed(self, what: Literal["reads", "writes"], reason: str | None) -> None:
        if reason is None:
            self._log.info("the database answers again", what=what)
        else:
            self._log.error("the database does not answer", what=what, reason=reason)

    def _lost(self, rows: int, reason: str) -> None:
        self._log.error("interactions are lost", rows=rows, reason=reason)

    def _miscounted(self, rows: int, reason: str) -> None:
        self._on_miscounted(rows)
        self._log.error("requests of campaigns are not counted", rows=rows, reason=reason)

    def _campaign_event(self, campaign: Campaign, what: str) -> None:
        self._log.warning("a campaign was looked at", campaign=campaign.key, account=campaign.account, result=what)

    def _swept(self, rows: int) -> None:
        self._log.info("interactions are deleted, as their time is up", rows=rows)

    def _uncharged(self, settlement: Settlement, reason: str) -> None:
        self._on_uncharged(settlement)
        self._log.error("a charge is lost", request=settlement.request_id, micro_usdc=settlement.cost, reason=reason)

    def _unkept(self, reason: str) -> None:
        self._log.error("an answer is not kept for its key", reason=reason)

    async def history(self, key: Key, session_id: str) -> tuple[Message, ...]:
        """The turns of a session so far, as far as the key may see them."""
        return await self.sessions.history(reach(key, self.projects.by_name), session_id)

    async def keys_changed(self) -> None:
        """Let this gateway see at once that a key was changed; others see it within two seconds."""
        with contextlib.suppress(Unavailable):
            await self.stored_keys.refresh()

    async def start(self) -> None:
        """Read what requests need, and keep it fresh."""
        await self.projects.refresh()
        await self.stored_keys.refresh()
        await self.nodes.refresh()
        await self.channels.start()
        await self.campaigns.start()
        await self._tell_of_peppers()
        self.recorder.start()
        await self.credits.start()
        if self.topups is not None:
            await self.topups.start()
        loop = asyncio.get_running_loop()
        runs = [self.projects.run(), self.stored_keys.run(), self.nodes.run(), self.receipts.run(), self._sweeper.run()]
        runs += [self.channels.watch.run(), self.channels.sweep.run(), *self.campaigns.runs()]
        self._tasks = [loop.create_task(run) for run in runs]

    async def _tell_of_peppers(self) -> None:
        """Say that there are keys which nobody can call with here: their pepper is somewhere else."""
        known = {pepper.id for pepper in self.peppers}
        for pepper_id, keys in (await self.keys.peppers()).items():
            if pepper_id not in known:
                self._log.warning("keys were made under a pepper that is not set here", pepper=pepper_id, keys=keys)

    async def close(self) -> None:
        """Write what is on its way, and close the database."""
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)
        await self.stored_keys.close()
        await self.recorder.close()
        await self.campaigns.close()
        if self.topups is not None:
            await self.topups.close()
        await self.credits.close()
        await self._database.close()


def _first_model(settings: Settings) -> str | None:
    """The first model of the settings; None leaves it to the first that is served."""
    own = [model.name for model in settings.models]
    offered = [model.name for upstream in settings.upstreams for model in upstream.models or ()]
    return next(iter([*own, *offered]), None)
