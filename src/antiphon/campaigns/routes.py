"""/v1/campaigns: any key of the account reads them; to make or change one takes the scope `admin`.

A key that is limited to projects sees the campaigns of those; any other is not there.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol
from urllib.parse import parse_qsl

import msgspec
from msgspec import UNSET

from antiphon.campaigns import wire
from antiphon.campaigns.entering import missing
from antiphon.campaigns.model import Campaign
from antiphon.campaigns.service import Campaigns
from antiphon.errors import BadRequest, ModelNotFound
from antiphon.http.decode import decode
from antiphon.http.exchange import JSON, Exchange, require_admin, require_key
from antiphon.interactions.access import find_project, project_id, reach
from antiphon.key import Key
from antiphon.models.catalogue import Model
from antiphon.projects.service import Projects

FIELDS_MAX = 16
TRUTHS = {"true": True, "false": False}

_body = msgspec.json.Decoder(wire.CampaignBody)
_change_body = msgspec.json.Decoder(wire.CampaignChangeBody)


class Models(Protocol):
    """The models on offer."""

    def find(self, name: str) -> Model:
        """The model of that id or alias; ModelNotFound suggests the nearest name."""
        ...


class CampaignRoutes:
    """The campaigns of the caller's account, by id or key."""

    def __init__(self, campaigns: Campaigns, projects: Projects, models: Models) -> None:
        self._campaigns = campaigns
        self._projects = projects
        self._models = models

    async def list(self, exchange: Exchange) -> None:
        """Those that the key may see, the newest first."""
        key = require_key(exchange)
        asked = query(exchange.query)
        wanted = project_id(asked.project, key, self._projects.by_name, "project") if asked.project else None
        every = await self._campaigns.list(key.account, archived=asked.archived)
        seen = [one for one in every if self._sees(key, one) and wanted in (None, one.project_id)]
        exchange.respond(200, msgspec.json.encode(wire.WireCampaigns([wire.shown(one) for one in seen])), JSON)

    async def get(self, exchange: Exchange) -> None:
        """One."""
        _respond(exchange, 200, await self.find(require_key(exchange), exchange.parameter))

    async def find(self, key: Key, name: str) -> Campaign:
        """The campaign of that id or key; NotFound when there is none that the key may see."""
        campaign = await self._campaigns.get(key.account, name)
        if not self._sees(key, campaign):
            raise missing(name, "campaign")
        return campaign

    async def create(self, exchange: Exchange) -> None:
        """Make one, and let it begin where the body says so."""
        key = require_admin(exchange)
        body = decode(await exchange.body(), _body)
        project = find_project(body.project, key, self._projects.by_name, "project")
        for index, variant in enumerate(body.variants):
            if variant.model is not None:
                self._check_model(variant.model, f"variants[{index}].model")
        made = await self._campaigns.create(wire.draft(body, key.account, project.id), start=body.start)
        _respond(exchange, 201, made)

    async def change(self, exchange: Exchange) -> None:
        """Change what the body names."""
        key = require_admin(exchange)
        campaign = await self.find(key, exchange.parameter)
        body = decode(await exchange.body(), _change_body)
        if body.weights is not UNSET:
            for name in body.weights:
                if campaign.variant(name) is None:
                    raise BadRequest(f"weights.{name}: there is no such variant.", param=f"weights.{name}")
        if body.share is not UNSET:  # first, since another campaign may be in its way: nothing is half changed
            campaign = await self._campaigns.set_share(key.account, campaign.id, body.share)
        if body.weights is not UNSET:
            campaign = await self._campaigns.reweigh(key.account, campaign.id, body.weights)
        _respond(exchange, 200, campaign)

    async def start(self, exchange: Exchange) -> None:
        """Let requests take part."""
        await self._step(exchange, self._campaigns.start)

    async def pause(self, exchange: Exchange) -> None:
        """Let requests get what the project says, until it is started again."""
        await self._step(exchange, self._campaigns.pause)

    async def stop(self, exchange: Exchange) -> None:
        """End it for good."""
        await self._step(exchange, self._campaigns.stop)

    async def archive(self, exchange: Exchange) -> None:
        """Keep it out of the lists."""
        await self._step(exchange, self._campaigns.archive)

    async def _step(self, exchange: Exchange, step: Callable[[str, str], Awaitable[Campaign]]) -> None:
        key = require_admin(exchange)
        campaign = await self.find(key, exchange.parameter)
        _respond(exchange, 200, await step(key.account, campaign.id))

    def _sees(self, key: Key, campaign: Campaign) -> bool:
        projects = reach(key, self._projects.by_name).projects
        return projects is None or campaign.project_id in projects

    def _check_model(self, name: str, param: str) -> None:
        """A name that nobody serves would fail a part of all requests; it is refused while that is still cheap."""
        try:
            model = self._models.find(name)
        except ModelNotFound as error:
            raise ModelNotFound(f"{param}: {error.message}", param=param) from None
        if model.embeds:
            message = f"{param}: {model.id!r} makes embeddings, it generates no text."
            raise BadRequest(message, param=param, code="model_not_supported")


def query(text: str) -> wire.CampaignsQuery:
    """What a list is asked for; BadRequest names the field and the rule."""
    fields = wire.CampaignsQuery.__struct_fields__
    try:
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=FIELDS_MAX, errors="strict")
    except ValueError:
        raise BadRequest(f"The query: expected at most {FIELDS_MAX} fields in UTF-8.") from None
    asked = wire.CampaignsQuery()
    for name, value in pairs:
        if name == "project":
            asked.project = value
        elif name != "archived":
            raise BadRequest(f"The query: the fields are {', '.join(fields)}.")
        elif value in TRUTHS:
            asked.archived = TRUTHS[value]
        else:
            raise BadRequest("archived: expected true or false.", param="archived")
    return asked


def _respond(exchange: Exchange, status: int, campaign: Campaign) -> None:
    exchange.respond(status, msgspec.json.encode(wire.shown(campaign)), JSON)
