"""The addresses of what is stored, from the bytes in to the bytes out."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from antiphon.db import Database
from antiphon.errors import BadRequest, NotFound, PermissionDenied, ProjectNotFound
from antiphon.http.exchange import Exchange
from antiphon.interactions.routes import InteractionRoutes, SessionRoutes
from antiphon.interactions.service import Interactions
from antiphon.interactions.sessions import Sessions
from antiphon.key import Key
from tests.unit.http.recording import RecordingWire, exchange_of
from tests.unit.interactions.stored import row, uuid
from tests.unit.projects.gateway_projects import SET, projects_of

ANN, BOB = Key("ann"), Key("bob")
LIMITED = Key("limited", projects=frozenset({"set"}), account_name="ann")
Handler = Callable[[Exchange], Awaitable[None]]


async def ask(handler: Handler, key: Key = ANN, *, query: str = "", name: str = "") -> RecordingWire:
    """What the connection saw of an answer; a refusal is raised."""
    exchange, wire = exchange_of("GET", "/v1/interactions")
    exchange.key, exchange.query, exchange.parameter = key, query, name
    await handler(exchange)
    return wire


async def told(handler: Handler, key: Key = ANN, *, query: str = "", name: str = "") -> Any:  # Any: an answer's JSON
    """The JSON of an answer."""
    wire = await ask(handler, key, query=query, name=name)
    assert wire.status == 200
    return json.loads(wire.body)


@pytest.fixture
async def routes(database: Database, interactions: Interactions) -> InteractionRoutes:
    """Two interactions of Ann's, one of them in a project, and one of Bob's."""
    interactions.record([row(1, project_id=SET.id, session_id="a/b", labels={"env": "prod"})])
    interactions.record([row(2, session_id="a/b")])
    interactions.record([row(3, account="bob", session_id="a/b")])
    return InteractionRoutes(interactions, await projects_of(database))


@pytest.fixture
async def session_routes(database: Database, sessions: Sessions, routes: InteractionRoutes) -> SessionRoutes:
    """The sessions of the same."""
    return SessionRoutes(sessions, await projects_of(database))


def ids(listed: Any) -> list[int]:  # Any: an answer's JSON
    """The numbers of the rows in a list."""
    return [int(one["completion_id"][-6:]) for one in listed["data"]]


async def test_a_list_is_read_in_parts(routes: InteractionRoutes) -> None:
    """The newest first, with the total where it is asked for."""
    first = await told(routes.list, query="limit=1&count=true")
    assert (first["object"], ids(first), first["has_more"], first["total"]) == ("list", [2], True, 2)
    second = await told(routes.list, query=f"limit=1&after={first['next']}")
    assert (ids(second), second["has_more"], second["next"], second["total"]) == ([1], False, None, None)


async def test_a_list_is_filtered(routes: InteractionRoutes) -> None:
    """Projects by key or id, labels by value."""
    assert ids(await told(routes.list, query="project=set")) == [1]
    assert ids(await told(routes.list, query="project=default")) == []
    assert ids(await told(routes.list, query="label=env=prod")) == [1]
    with pytest.raises(ProjectNotFound):
        await ask(routes.list, query="project=other")
    with pytest.raises(BadRequest):
        await ask(routes.list, query="nonsense=1")


async def test_one_is_read_and_deleted(routes: InteractionRoutes) -> None:
    """By its completion id; then it is gone."""
    assert (await told(routes.get, name=uuid(1)))["completion_id"] == uuid(1)
    deleted = await ask(routes.delete, name=uuid(1))
    assert (deleted.status, deleted.body) == (204, b"")
    with pytest.raises(NotFound):
        await ask(routes.get, name=uuid(1))


async def test_many_are_deleted(routes: InteractionRoutes) -> None:
    """By a filter, which may not be empty."""
    with pytest.raises(BadRequest):
        await ask(routes.delete_all)
    deleted = await told(routes.delete_all, query="session_id=a/b")
    assert deleted == {"deleted": 2, "object": "interactions.deleted"}
    assert ids(await told(routes.list, BOB)) == [3]


async def test_others_see_nothing(routes: InteractionRoutes, session_routes: SessionRoutes) -> None:
    """Another account, and a key of the same account that is limited to a project."""
    assert ids(await told(routes.list, BOB)) == [3]
    assert ids(await told(routes.list, LIMITED)) == [1]
    with pytest.raises(PermissionDenied):
        await ask(routes.list, LIMITED, query="project=default")
    for handler in (routes.get, routes.delete):
        for key in (BOB, LIMITED):
            with pytest.raises(NotFound):
                await ask(handler, key, name=uuid(2))
    assert (await told(session_routes.get, LIMITED, name="a/b"))["turns"] == 1


async def test_sessions_are_listed_read_and_deleted(session_routes: SessionRoutes) -> None:
    """Any id that a client may choose leads to its session."""
    (session,) = (await told(session_routes.list))["data"]
    assert (session["object"], session["session_id"], session["turns"]) == ("session", "a/b", 2)
    read = await told(session_routes.get, name="a/b", query="limit=1")
    assert (ids(read), read["has_more"], read["turns"], read["object"]) == ([1], True, 2, "session")
    assert ids(await told(session_routes.get, name="a/b", query=f"after={read['next']}")) == [2]
    assert (await ask(session_routes.delete, name="a/b")).status == 204
    with pytest.raises(NotFound):
        await ask(session_routes.get, name="a/b")
    assert len((await told(session_routes.list, BOB))["data"]) == 1
