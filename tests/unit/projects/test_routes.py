"""The routes of projects, from the bytes in to the bytes out."""

from __future__ import annotations

import json

import pytest

from antiphon.db import Database
from antiphon.errors import AntiphonError, BadRequest, Conflict, PermissionDenied, ProjectNotFound
from antiphon.key import ADMIN, Key
from antiphon.projects.routes import ProjectRoutes
from tests.unit.http.recording import RecordingWire, exchange_of
from tests.unit.projects.gateway_projects import projects_of

ROOT = Key("root", scopes=ADMIN)
USER = Key("user")
LIMITED = Key("limited", projects=frozenset({"support"}))
LIMITED_ADMIN = Key("limited-admin", projects=frozenset({"support"}), scopes=ADMIN)
BODY = {"key": "support", "default_model": "m", "system_prompt": "Help {{name}}."}


class Routes:
    """The routes of one gateway, asked as a client would."""

    def __init__(self, routes: ProjectRoutes) -> None:
        self._routes = routes

    async def ask(self, method: str, name: str = "", *, key: Key = ROOT, body: object = None) -> RecordingWire:
        """What the connection saw of an answer; a refusal is raised."""
        handlers = {
            ("GET", False): self._routes.list,
            ("POST", False): self._routes.create,
            ("GET", True): self._routes.get,
            ("PATCH", True): self._routes.update,
            ("DELETE", True): self._routes.delete,
        }
        exchange, wire = exchange_of(method, "/v1/projects")
        exchange.key, exchange.parameter = key, name
        if body is not None:
            exchange.add(body if isinstance(body, bytes) else json.dumps(body).encode(), 1_000_000)
        await handlers[method, bool(name)](exchange)
        return wire


@pytest.fixture
async def routes(database: Database) -> Routes:
    """A gateway that has a configured project and the built-in one."""
    return Routes(ProjectRoutes(await projects_of(database)))


async def test_the_life_of_a_project(routes: Routes) -> None:
    """Made, read by key and id, changed, deleted."""
    made = await routes.ask("POST", body=BODY)
    assert made.status == 201
    project = json.loads(made.body)
    assert project["object"] == "project"
    assert (project["key"], project["name"], project["origin"]) == ("support", "support", "stored")
    for name in ("support", project["id"]):
        assert json.loads((await routes.ask("GET", name, key=USER)).body) == project
    changed = await routes.ask("PATCH", "support", body={"name": "Support", "updated_at_ms": project["updated_at_ms"]})
    assert changed.status == 200
    assert json.loads(changed.body)["name"] == "Support"
    with pytest.raises(Conflict):
        await routes.ask("PATCH", "support", body={"name": "x", "updated_at_ms": project["updated_at_ms"]})
    deleted = await routes.ask("DELETE", "support")
    assert (deleted.status, deleted.body) == (204, b"")
    with pytest.raises(ProjectNotFound):
        await routes.ask("GET", "support")


async def test_a_key_reads_what_it_may_use(routes: Routes) -> None:
    """The list leaves the others out, reading one is refused."""
    await routes.ask("POST", body=BODY)
    listed = {
        key.name: [project["key"] for project in json.loads((await routes.ask("GET", key=key)).body)["data"]]
        for key in (USER, LIMITED)
    }
    assert listed == {"user": ["set", "support", "default"], "limited": ["support"]}
    assert json.loads((await routes.ask("GET", "support", key=LIMITED)).body)["key"] == "support"
    with pytest.raises(PermissionDenied):
        await routes.ask("GET", "default", key=LIMITED)


@pytest.mark.parametrize("key", [USER, LIMITED])
async def test_only_an_admin_changes(routes: Routes, key: Key) -> None:
    """Before the body is looked at."""
    for method, name in (("POST", ""), ("PATCH", "default"), ("DELETE", "default")):
        with pytest.raises(PermissionDenied, match="admin"):
            await routes.ask(method, name, key=key, body=b"nonsense")


async def test_an_admin_may_be_limited(routes: Routes) -> None:
    """To making and changing certain projects."""
    await routes.ask("POST", key=LIMITED_ADMIN, body=BODY)
    await routes.ask("PATCH", "support", key=LIMITED_ADMIN, body={"name": "x"})
    await routes.ask("DELETE", "support", key=LIMITED_ADMIN)
    for method, name in (("POST", ""), ("PATCH", "default"), ("DELETE", "default")):
        with pytest.raises(PermissionDenied, match="may not use the project"):
            await routes.ask(method, name, key=LIMITED_ADMIN, body={"key": "other"})


@pytest.mark.parametrize(
    ("body", "param"),
    [
        (b"", None),
        (b"{", None),
        ({}, "key"),
        ({"key": 1}, "key"),
        ({"key": "a/b"}, "key"),
        ({"key": "a", "modles": []}, "modles"),
        ({"key": "a", "models": ["b"], "default_model": "c"}, "default_model"),
        ({"key": "a", "defaults": {"temperature": 3}}, "defaults.temperature"),
        ({"key": "a", "defaults": {"temprature": 1}}, "defaults.temprature"),
        ({"key": "a", "system_prompt": "x", "arguments": [{"name": "y"}]}, "arguments[0].name"),
        ({"key": "a", "arguments": [{"name": "y"}]}, "arguments"),
        ({"key": "a", "store": "yes"}, "store"),
        ({"key": "a", "models": ["x"] * 2000}, "models"),
    ],
)
async def test_what_is_wrong_is_named(routes: Routes, body: object, param: str | None) -> None:
    """The field stands in the error, and nothing is made."""
    with pytest.raises(BadRequest) as refused:
        await routes.ask("POST", body=body)
    assert refused.value.param == param
    assert b'"key":"a"' not in (await routes.ask("GET")).body


@pytest.mark.parametrize(
    ("method", "name", "body", "error"),
    [
        ("GET", "nothing", None, ProjectNotFound),
        ("PATCH", "nothing", {}, ProjectNotFound),
        ("DELETE", "nothing", None, ProjectNotFound),
        ("PATCH", "set", {"name": "x"}, Conflict),
        ("DELETE", "set", None, Conflict),
        ("DELETE", "default", None, Conflict),
        ("POST", "", {"key": "set"}, Conflict),
        ("PATCH", "default", {"key": "x"}, BadRequest),
    ],
)
async def test_refusals(routes: Routes, method: str, name: str, body: object, error: type[AntiphonError]) -> None:
    """What is not there, what is fixed, and a key, which never changes."""
    with pytest.raises(error):
        await routes.ask(method, name, body=body)
