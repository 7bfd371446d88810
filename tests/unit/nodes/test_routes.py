"""The routes of nodes, from the bytes in to the bytes out."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from antiphon.clock import ManualClock
from antiphon.db import Database
from antiphon.db.open import open_database
from antiphon.errors import BadRequest, Conflict, NotFound, PermissionDenied, Unauthenticated
from antiphon.key import ADMIN, Key
from antiphon.nodes import enrolment
from antiphon.nodes.model import Node
from antiphon.nodes.registry import Registry
from antiphon.nodes.routes import Credentials, NodeRoutes
from tests.unit.accounts.wallets import signed
from tests.unit.http.recording import RecordingWire, exchange_of

from .membership import Membership

ROOT = Key("root", scopes=ADMIN)


class Broker:
    """The way to a broker that is only asked for."""

    def __init__(self) -> None:
        self.opened = 0

    async def open(self) -> None:
        """Count it."""
        self.opened += 1

    async def credentials(self, node: Node, host: str) -> Credentials:
        """Something to tell apart."""
        return Credentials(f"jwt-{node.epoch}", (f"nats://{host}:4222",), 1_700_086_400.0)


class Routes:
    """The routes of one gateway, asked as a client would."""

    def __init__(self, database: Database) -> None:
        self.members = Membership(database)
        self.broker = Broker()
        registry = Registry(on_change=lambda _node, _live: None, on_beat=lambda _live: None)
        self.routes = NodeRoutes(
            self.members.nodes,
            self.members.invites,
            registry,
            self.broker,
            base_url="http://gateway:8000/",
            clock=self.members.clock,
        )

    async def ask(self, handler: str, name: str = "", *, key: Key = ROOT, body: object = None) -> RecordingWire:
        """What the connection saw of an answer; a refusal is raised."""
        exchange, wire = exchange_of("POST", "/v1/nodes")
        exchange.headers[b"host"] = b"gateway:8000"
        exchange.key, exchange.parameter = key, name
        exchange.add(b"" if body is None else json.dumps(body).encode(), 1_000_000)
        await getattr(self.routes, handler)(exchange)
        return wire

    async def join(self) -> dict[str, Any]:
        """A machine that was invited and came: what it was told."""
        token = enrolment.read(json.loads((await self.ask("invite")).body)["token"])
        shown = self.members.enrolment(token.secret)
        body = {name: getattr(shown, name) for name in shown.__struct_fields__}
        return dict(json.loads((await self.ask("enrol", body=body)).body))


@pytest.fixture
async def routes(tmp_path: Path) -> AsyncIterator[Routes]:
    """A gateway."""
    database = open_database(None, data_dir=tmp_path, clock=ManualClock())
    yield Routes(database)
    await database.close()


async def test_an_invite_brings_a_broker(routes: Routes) -> None:
    """The token names the gateway by its address, or by the one that is asked for."""
    made = await routes.ask("invite", body={"name": "attic", "url": "https://g.example/"})
    assert (made.status, routes.broker.opened) == (201, 1)
    invite = json.loads(made.body)
    assert enrolment.read(invite["token"]).url == "https://g.example"
    assert invite["expires_at_ms"] == routes.members.now_s * 1000 + 3_600_000
    plain = json.loads((await routes.ask("invite")).body)
    assert enrolment.read(plain["token"]).url == "http://gateway:8000"


async def test_invites_are_listed_and_revoked(routes: Routes) -> None:
    """Without their tokens; one that was used stays, since its node is what is to be removed."""
    node = await routes.join()
    routes.members.clock.advance(1)
    open_one = json.loads((await routes.ask("invite", body={"name": "attic"})).body)
    listed = json.loads((await routes.ask("invites")).body)["data"]
    assert [(one["state"], one["node"], one["name"]) for one in listed] == [
        ("used", node["id"], None),
        ("open", None, "attic"),
    ]
    assert all("token" not in one for one in listed)
    assert (await routes.ask("revoke", open_one["id"])).status == 204
    with pytest.raises(Conflict) as caught:
        await routes.ask("revoke", listed[0]["id"])
    assert caught.value.code == "invite_used"


async def test_a_machine_enrols_and_is_let_in(routes: Routes) -> None:
    """It gets credentials, and the broker's address by the name that it has for the gateway."""
    node = await routes.join()
    assert (node["name"], node["object"]) == ("host", "node.enrolled")
    text = enrolment.lease_text(node["id"], None, routes.members.now_s)
    body = {"node": node["id"], "signature": signed(text), "issued_at_s": routes.members.now_s}
    lease = json.loads((await routes.ask("let_in", body=body)).body)
    assert (lease["epoch"], lease["jwt"], lease["servers"]) == (1, "jwt-1", ["nats://gateway:4222"])
    assert (lease["expires_at_ms"], lease["now_ms"]) == (1_700_086_400_000, routes.members.now_s * 1000)


async def test_an_operator_changes_nodes(routes: Routes) -> None:
    """Listed, shown, renamed, drained and removed, by id or name."""
    node = await routes.join()
    listed = json.loads((await routes.ask("list")).body)
    assert [(one["id"], one["presence"]) for one in listed["data"]] == [(node["id"], "gone")]
    changed = json.loads((await routes.ask("change", "host", body={"name": "attic", "state": "drained"})).body)
    assert (changed["name"], changed["state"]) == ("attic", "drained")
    assert json.loads((await routes.ask("get", "attic")).body) == changed
    assert (await routes.ask("remove", "attic")).status == 204
    with pytest.raises(NotFound):
        await routes.ask("get", "attic")


async def test_strangers_are_refused(routes: Routes) -> None:
    """Whatever they put into a body that takes no key."""
    good = routes.members.enrolment("ab" * 24)
    enrol = {name: getattr(good, name) for name in good.__struct_fields__}
    lease = {"node": "node_1", "signature": "0x", "issued_at_s": routes.members.now_s}
    for handler, body, kind in (
        ("enrol", enrol, Unauthenticated),
        ("enrol", {**enrol, "nkey": "U\0"}, BadRequest),
        ("enrol", {**enrol, "name": "a\0"}, BadRequest),
        ("enrol", {**enrol, "secret": "x"}, BadRequest),
        ("let_in", lease, Unauthenticated),
        ("let_in", {**lease, "node": "node_\0"}, BadRequest),
        ("let_in", {**lease, "node": "host"}, BadRequest),
    ):
        with pytest.raises(kind):
            await routes.ask(handler, body=body)


@pytest.mark.parametrize("handler", ["invite", "invites", "revoke", "list", "get", "change", "remove"])
async def test_only_an_operator_may(routes: Routes, handler: str) -> None:
    """Another key may not so much as look."""
    with pytest.raises(PermissionDenied):
        await routes.ask(handler, "host", key=Key("user"), body={})


@pytest.mark.parametrize("body", [{"secret": "x"}, {"url": "ftp://g"}, {"url": "http://a b"}, {"expires_in_s": 0}, []])
async def test_bodies_are_checked(routes: Routes, body: object) -> None:
    """What is no invite is refused before there is a broker."""
    with pytest.raises(BadRequest):
        await routes.ask("invite", body=body)
    assert routes.broker.opened == 0
