"""The routes of campaigns, from the bytes in to the bytes out."""

from __future__ import annotations

import json
from typing import Any

import pytest

from antiphon.campaigns.routes import CampaignRoutes
from antiphon.db import Database
from antiphon.errors import (
    AntiphonError,
    BadRequest,
    Conflict,
    ModelNotFound,
    NotFound,
    PermissionDenied,
    ProjectNotFound,
)
from antiphon.key import ADMIN, Key
from antiphon.models.catalogue import Catalogue, Model
from tests.unit.campaigns.drafts import campaigns_of
from tests.unit.http.recording import RecordingWire, exchange_of
from tests.unit.projects.gateway_projects import draft as project_draft
from tests.unit.projects.gateway_projects import projects_of

ROOT = Key("root", scopes=ADMIN)
USER = Key("user", account_name="root")
STRANGER = Key("stranger", scopes=ADMIN)
LIMITED = Key("limited", projects=frozenset({"set"}), scopes=ADMIN, account_name="root")
BODY = {"key": "c", "project": "other", "variants": [{"key": "a"}, {"key": "b", "model": "m"}]}


@pytest.fixture
def database_kind() -> str:
    """One is enough: what differs between databases stands in the store's tests."""
    return "sqlite"


class Asked:
    """The routes of one gateway, asked as a client would."""

    def __init__(self, routes: CampaignRoutes) -> None:
        self._routes = routes

    async def ask(
        self, handler: str, name: str = "", *, key: Key = ROOT, body: object = None, query: str = ""
    ) -> RecordingWire:
        """What the connection saw of an answer; a refusal is raised."""
        exchange, wire = exchange_of("POST", "/v1/campaigns")
        exchange.key, exchange.parameter, exchange.query = key, name, query
        exchange.add(json.dumps(body).encode(), 1_000_000)
        await getattr(self._routes, handler)(exchange)
        return wire

    async def json(self, handler: str, name: str = "", **asked: Any) -> Any:  # Any: JSON, and what `ask` takes
        """The JSON of an answer."""
        return json.loads((await self.ask(handler, name, **asked)).body)


@pytest.fixture
async def asked(database: Database) -> Asked:
    """A gateway with two projects, a model that generates and one that embeds."""
    projects = await projects_of(database)
    await projects.create(project_draft("other"))
    catalogue = Catalogue()
    catalogue.replace("test", (Model("m", ()), Model("e", (), embeds=True)))
    campaigns, _ = await campaigns_of(database, seed=3)
    return Asked(CampaignRoutes(campaigns, projects, catalogue))


async def test_the_life_of_a_campaign(asked: Asked) -> None:
    """Made, read by key and id by any key of the account, started, paused, changed, stopped, archived."""
    wire = await asked.ask("create", body=BODY)
    assert wire.status == 201
    made = json.loads(wire.body)
    assert (made["object"], made["status"], made["name"]) == ("campaign", "draft", "c")
    for name in ("c", made["id"]):
        assert await asked.json("get", name, key=USER) == made
    assert (await asked.json("start", "c"))["status"] == "running"
    changed = await asked.json("change", "c", body={"share": 0.5, "weights": {"b": 3}})
    assert (changed["share"], [one["weight"] for one in changed["variants"]]) == (0.5, [1, 3])
    for step, status in (("pause", "paused"), ("start", "running"), ("stop", "stopped"), ("archive", "archived")):
        assert (await asked.json(step, made["id"]))["status"] == status
    assert (await asked.json("list"))["data"] == []
    assert [one["key"] for one in (await asked.json("list", query="archived=true"))["data"]] == ["c"]


async def test_a_campaign_can_begin_at_once(asked: Asked) -> None:
    """It is then running in the very answer."""
    assert (await asked.json("create", body={**BODY, "start": True}))["status"] == "running"


async def test_lists_by_project(asked: Asked) -> None:
    """The newest first."""
    for key, project in (("one", "set"), ("two", "other"), ("three", "set")):
        await asked.ask("create", body={**BODY, "key": key, "project": project})
    assert {one["key"] for one in (await asked.json("list", key=USER))["data"]} == {"one", "two", "three"}
    assert {one["key"] for one in (await asked.json("list", query="project=set"))["data"]} == {"one", "three"}
    assert {one["key"] for one in (await asked.json("list", key=LIMITED))["data"]} == {"one", "three"}


@pytest.mark.parametrize("handler", ["get", "start", "pause", "stop", "archive", "change"])
@pytest.mark.parametrize("key", [STRANGER, LIMITED], ids=["stranger", "limited"])
async def test_what_a_key_may_not_see_is_not_there(asked: Asked, handler: str, key: Key) -> None:
    """The refusal is the one of a campaign that never was."""
    await asked.ask("create", body=BODY)
    with pytest.raises(NotFound) as hidden:
        await asked.ask(handler, "c", key=key, body={})
    with pytest.raises(NotFound) as never:
        await asked.ask(handler, "x", key=key, body={})
    assert str(hidden.value).replace("'c'", "'x'") == str(never.value)
    assert hidden.value.code == never.value.code == "campaign_not_found"


@pytest.mark.parametrize("handler", ["create", "start", "pause", "stop", "archive", "change"])
async def test_only_an_administrator_changes(asked: Asked, handler: str) -> None:
    """A plain key of the account is refused."""
    with pytest.raises(PermissionDenied):
        await asked.ask(handler, "c", key=USER, body=BODY)


@pytest.mark.parametrize(
    ("fields", "error", "param"),
    [
        ({"project": "none"}, ProjectNotFound, "project"),
        ({"variants": [{"key": "a"}, {"key": "b", "model": "none"}]}, ModelNotFound, "variants[1].model"),
        ({"variants": [{"key": "a", "model": "e"}, {"key": "b"}]}, BadRequest, "variants[0].model"),
        ({"variants": [{"key": "a"}]}, BadRequest, "variants"),
        ({"variants": [{"key": "a", "weight": 0}, {"key": "b"}]}, BadRequest, "variants[0].weight"),
        ({"unknown": 1}, BadRequest, "unknown"),
        ({"goals": [{"metric": "none"}]}, NotFound, "goals[0].metric"),
    ],
)
async def test_a_body_that_is_wrong(
    asked: Asked, fields: dict[str, Any], error: type[AntiphonError], param: str
) -> None:  # Any: JSON
    """The field is named."""
    with pytest.raises(error) as refused:
        await asked.ask("create", body={**BODY, **fields})
    assert refused.value.param == param


async def test_weights_of_variants_that_are_not_there(asked: Asked) -> None:
    """The variant is named, and nothing is changed."""
    await asked.ask("create", body=BODY)
    with pytest.raises(BadRequest, match=r"^weights\.x: there is no such variant\.$"):
        await asked.ask("change", "c", body={"weights": {"x": 2}, "share": 0.1})
    assert (await asked.json("get", "c"))["share"] == 1.0


async def test_nothing_is_half_changed(asked: Asked) -> None:
    """Where another campaign is in the way of the share, the weights stay as well."""
    await asked.ask("create", body={**BODY, "start": True})
    await asked.ask("create", body={**BODY, "key": "d", "share": 0, "start": True})
    with pytest.raises(Conflict, match="^share: "):
        await asked.ask("change", "d", body={"share": 0.5, "weights": {"b": 3}})
    assert [one["weight"] for one in (await asked.json("get", "d"))["variants"]] == [1, 1]


@pytest.mark.parametrize(
    "query", ["archived=maybe", "colour=red", "&".join(f"f{i}=1" for i in range(20)), "project=%ff"]
)
async def test_a_query_that_is_wrong(asked: Asked, query: str) -> None:
    """It is refused."""
    with pytest.raises(BadRequest):
        await asked.ask("list", query=query)
