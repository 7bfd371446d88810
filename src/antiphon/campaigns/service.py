"""The campaigns of accounts: made, started, paused, stopped and archived, on whichever gateway it is asked of."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import msgspec
from msgspec.structs import replace

from antiphon.campaigns import lifecycle, store
from antiphon.campaigns.entering import missing
from antiphon.campaigns.known import KnownCampaigns
from antiphon.campaigns.model import CAMPAIGNS_MAX, Campaign, Ending, broken
from antiphon.clock import Clock
from antiphon.db import Connection, Database
from antiphon.errors import BadRequest, Conflict
from antiphon.feedback.metrics import find_metric
from antiphon.ids import Ids

SALT_BYTES = 16
VARIANTS_BYTES_MAX = 262_144
BY_HAND = Ending("by_hand")

Change = Callable[[Campaign, int], Campaign]


class Campaigns:
    """What can be done with campaigns. This gateway sees a change at once, all others within two seconds."""

    def __init__(self, database: Database, known: KnownCampaigns, *, clock: Clock, ids: Ids) -> None:
        self._database = database
        self._known = known
        self._clock = clock
        self._ids = ids

    async def create(self, draft: Campaign, *, start: bool = False) -> Campaign:
        """Keep a new campaign, as a draft or running; ids, salt, status and times of the draft do not count.

        NotFound for a goal that is no metric of the account, Conflict when the key is taken.
        """
        check(draft)
        now_ms = self._now_ms()
        variants = tuple(replace(variant, id=self._ids.uuid(), dropped=False) for variant in draft.variants)
        made = replace(
            draft,
            id=self._ids.uuid(),
            variants=variants,
            status="draft",
            salt=self._ids.secret(SALT_BYTES).hex(),
            weightings=(),
            ending=None,
            created_at_ms=now_ms,
            updated_at_ms=now_ms,
            started_at_ms=None,
            ended_at_ms=None,
        )

        def work(connection: Connection) -> Campaign:
            number = store.begin_change(connection)
            if store.count(connection, made.account) >= CAMPAIGNS_MAX:
                raise Conflict(f"There are {CAMPAIGNS_MAX} campaigns already: archive some of them.")
            campaign = _with_metric_keys(connection, made)
            if start:
                campaign = _started(connection, campaign, now_ms)
            if not store.insert(connection, campaign, number):
                raise Conflict(f"key: there is, or was, a campaign {made.key!r}.", param="key")
            return campaign

        created = await self._database.write(work)
        await self._known.catch_up()
        return created

    async def list(self, account: str, *, archived: bool = False) -> tuple[Campaign, ...]:
        """The account's campaigns, the newest first; the `archived` ones too, or without them."""
        return await self._database.read(lambda connection: store.every(connection, account, archived=archived))

    async def get(self, account: str, name: str) -> Campaign:
        """The account's campaign of that id or key, archived or not; NotFound when there is none."""
        return await self._database.read(lambda connection: _find(connection, account, name))

    async def start(self, account: str, name: str) -> Campaign:
        """Let requests take part from now on; Conflict while another campaign takes the project's requests."""

        def change(connection: Connection, campaign: Campaign, now_ms: int) -> Campaign:
            return _started(connection, campaign, now_ms)

        return await self._change(account, name, change)

    async def pause(self, account: str, name: str) -> Campaign:
        """Let requests get what the project says, until it is started again."""
        return await self._change(account, name, lambda _, campaign, __: lifecycle.paused(campaign))

    async def stop(self, account: str, name: str, ending: Ending = BY_HAND) -> Campaign:
        """End it for good. One that is over already keeps its own ending."""
        return await self._change(
            account, name, lambda _, campaign, now_ms: lifecycle.stopped(campaign, now_ms, ending)
        )

    async def archive(self, account: str, name: str) -> Campaign:
        """Keep it out of the way, with all that it has gathered."""
        return await self._change(account, name, lambda _, campaign, now_ms: lifecycle.archived(campaign, now_ms))

    async def set_share(self, account: str, name: str, share: float) -> Campaign:
        """Let another part of the requests take part; nobody gets another variant by that."""

        def change(connection: Connection, campaign: Campaign, _: int) -> Campaign:
            changed = lifecycle.shared(campaign, share)
            check(changed)
            if changed.status != "draft":
                _require_alone(connection, changed)
            return changed

        return await self._change(account, name, change)

    async def drop(self, account: str, name: str, variant_key: str, ending: Ending) -> Campaign:
        """Let nobody get that variant any more; with only one left the campaign is over, by that `ending`."""

        def change(_: Connection, campaign: Campaign, now_ms: int) -> Campaign:
            if campaign.status not in ("running", "paused"):
                return campaign
            after = lifecycle.dropped(campaign, variant_key, now_ms)
            return after if len(after.open) > 1 else lifecycle.stopped(after, now_ms, ending)

        return await self._change(account, name, change)

    async def reweigh(self, account: str, name: str, weights: Mapping[str, float]) -> Campaign:
        """Give variants other weights, by their keys."""
        return await self._change(
            account, name, lambda _, campaign, now_ms: lifecycle.reweighed(campaign, weights, now_ms)
        )

    async def take_look(self, campaign: Campaign, every_s: float) -> bool:
        """Whether it is time to look at what it has gathered: once in so many seconds, whichever gateway is first."""
        now_ms = self._now_ms()
        next_ms = now_ms + int(every_s * 1000)
        return await self._database.write(lambda connection: store.take_look(connection, campaign.id, now_ms, next_ms))

    async def put_off_look(self, campaign: Campaign, rest_s: float) -> None:
        """Let nobody look at it for so many seconds."""
        next_ms = self._now_ms() + int(rest_s * 1000)
        await self._database.write(lambda connection: store.put_off_look(connection, campaign.id, next_ms))

    async def _change(
        self, account: str, name: str, change: Callable[[Connection, Campaign, int], Campaign]
    ) -> Campaign:
        now_ms = self._now_ms()

        def work(connection: Connection) -> Campaign:
            number = store.begin_change(connection)
            before = _find(connection, account, name)
            after = change(connection, before, now_ms)
            if after != before:
                after = replace(after, updated_at_ms=max(now_ms, before.updated_at_ms + 1))
                store.update(connection, after, number)
            return after

        changed = await self._database.write(work)
        await self._known.catch_up()
        return changed

    def _now_ms(self) -> int:
        return int(self._clock.now() * 1000)


def check(campaign: Campaign) -> None:
    """BadRequest for the first rule that a campaign breaks, or when it is larger than every gateway is to remember."""
    for param, rule in broken(campaign):
        raise BadRequest(f"{param}: {rule}.", param=param)
    if len(msgspec.json.encode(campaign.variants)) > VARIANTS_BYTES_MAX:
        rule = f"expected at most {VARIANTS_BYTES_MAX} bytes of JSON, all of them together"
        raise BadRequest(f"variants: {rule}.", param="variants")


def _find(connection: Connection, account: str, name: str) -> Campaign:
    found = None if "\0" in name else store.find(connection, account, name)
    if found is None:
        raise missing(name, "campaign")
    return found


def _started(connection: Connection, campaign: Campaign, now_ms: int) -> Campaign:
    _require_alone(connection, campaign)
    return lifecycle.started(campaign, now_ms)


def _require_alone(connection: Connection, campaign: Campaign) -> None:
    """A request can be in one campaign only: the others of its project must be for those that ask for them."""
    if campaign.share == 0:
        return
    for other in store.open_of(connection, campaign.account, campaign.project_id):
        if other.id != campaign.id and other.share > 0:
            rule = f"the campaign {other.key!r} takes the project's requests; stop it, or give one of them the share 0"
            raise Conflict(f"share: {rule}.", param="share", code="campaign_in_the_way")


def _with_metric_keys(connection: Connection, campaign: Campaign) -> Campaign:
    """The campaign with its goals by the keys of their metrics, which the account must have."""
    goals = []
    for index, goal in enumerate(campaign.goals):
        if goal.kind != "measure":
            metric = find_metric(connection, campaign.account, goal.metric, f"goals[{index}].metric")
            goal = replace(goal, metric=metric.key)  # noqa: PLW2901 - the same goal, by its metric's key
        goals.append(goal)
    return replace(campaign, goals=tuple(goals))
