"""Tests of the console's own addresses, from the bytes in to the bytes out."""

from __future__ import annotations

import json
from typing import Any

import pytest

from antiphon.chat import Message
from antiphon.console.cookies import NAME
from antiphon.console.routes import OverviewRoutes, SignInRoutes
from antiphon.console.wire import WireSetting
from antiphon.db import Database
from antiphon.errors import AntiphonError, BadRequest, NotFound, PermissionDenied, Unauthenticated
from antiphon.interactions import store
from antiphon.interactions.model import Answer, Interaction
from antiphon.key import CLIENT, Key
from tests.unit.accounts.wallets import ADDRESS, signed
from tests.unit.http.recording import RecordingWire, exchange_of

from .desk import FACTS, LIFETIME, NAMED, NAMED_TEXT, SAME_ORIGIN, Desk

SETTING = WireSetting("server.port", 1, 8000, "integer", "Port to listen on.", secret=False, changed=True)


@pytest.fixture
def database_kind() -> str:
    """One kind: sessions are tested on all."""
    return "sqlite-again"


class Asking:
    """A browser: it keeps the cookie that it is given."""

    def __init__(self, database: Database) -> None:
        self.desk = Desk(database)
        self.changes = 0
        desk = self.desk
        self.sign_in = SignInRoutes(
            desk.sessions, desk.visitors, desk.cookie, desk.keyring, desk.sign_in, FACTS, on_change=self._changed
        )
        self.overview = OverviewRoutes(
            database, desk.visitors, FACTS, idle_s=LIFETIME.idle_s, settings=lambda: [SETTING]
        )  # fmt: skip
        self.cookie = ""

    async def _changed(self) -> None:
        self.changes += 1

    async def ask(
        self, part: str, handler: str, name: str = "", *, key: Key | None = None, body: object = None
    ) -> RecordingWire:
        """What the browser saw; a refusal is raised. `key` is the one that the application found."""
        exchange, wire = exchange_of("POST", "/v1/console", {**SAME_ORIGIN})
        if self.cookie:
            exchange.headers[b"cookie"] = self.cookie.encode()
        exchange.key, exchange.parameter = key, name
        exchange.add(b"" if body is None else json.dumps(body).encode(), 1_000_000)
        await getattr(getattr(self, part), handler)(exchange)
        if (given := wire.headers.get("set-cookie")) is not None:
            self.cookie = given.partition(";")[0]
        return wire

    async def enter(self, **body: str) -> dict[str, Any]:  # Any: JSON
        """Sign in, and what is told then."""
        wire = await self.ask("sign_in", "begin", body=body)
        assert wire.status == 201
        assert wire.headers["cache-control"] == "no-store"
        return dict(json.loads(wire.body))


@pytest.fixture
def browser(database: Database) -> Asking:
    """One that nobody has signed in with."""
    return Asking(database)


async def test_whoever_comes_learns_how_to_sign_in(browser: Asking) -> None:
    """And nothing else."""
    told = json.loads((await browser.ask("sign_in", "ways")).body)
    assert told == {"version": "1.2.3", "wallets": True, "chain_ids": [8453]}


async def test_a_key_signs_in(browser: Asking) -> None:
    """The cookie is good for what the key may; what is told is what the overview tells."""
    told = await browser.enter(api_key=f" {NAMED_TEXT}\n")
    assert (told["account"], told["admin"], told["wallet"], told["ledger"]) == ("root", True, False, None)
    assert told["session"]["idle_s"] == LIFETIME.idle_s
    overview = json.loads((await browser.ask("overview", "overview", key=NAMED)).body)
    assert overview == told


async def test_a_wallet_signs_in(browser: Asking) -> None:
    """With the text of a challenge, once."""
    message = browser.desk.sign_in.challenge(ADDRESS).message
    told = await browser.enter(message=message, signature=signed(message))
    assert (told["account"], told["wallet"], told["admin"], told["ledger"]) == (ADDRESS, True, False, "DEV")
    assert told["scopes"] == ["channel", "credits", "inference", "keys"]
    with pytest.raises(Unauthenticated, match="already used"):
        await browser.enter(message=message, signature=signed(message))


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({"api_key": "sk-wrong"}, Unauthenticated),
        ({"api_key": "é" * 10}, Unauthenticated),
        ({"message": "x", "signature": "0x"}, Unauthenticated),
        ({"message": "x"}, BadRequest),
        ({}, BadRequest),
        ({"api_key": "x", "more": "x"}, BadRequest),
    ],
)
async def test_nobody_else_signs_in(browser: Asking, body: dict[str, str], error: type[AntiphonError]) -> None:
    """And no cookie is given."""
    with pytest.raises(error):
        await browser.ask("sign_in", "begin", body=body)
    assert not browser.cookie


async def test_signing_in_ends_the_session_before(browser: Asking) -> None:
    """A cookie that was there is good for nothing any more."""
    await browser.enter(api_key=NAMED_TEXT)
    before = browser.cookie
    await browser.enter(api_key=NAMED_TEXT)
    assert browser.cookie != before
    assert await browser.desk.rows() == 1
    with pytest.raises(Unauthenticated):
        await browser.desk.sessions.find(before.partition("=")[2])


async def test_signing_out_takes_the_cookie_away(browser: Asking) -> None:
    """The key that a wallet's session had is void at once here; to sign out again changes nothing."""
    message = browser.desk.sign_in.challenge(ADDRESS).message
    await browser.enter(message=message, signature=signed(message))
    wire = await browser.ask("sign_in", "end")
    assert (wire.status, browser.cookie, browser.changes) == (204, f"{NAME}=", 1)
    assert await browser.desk.rows() == 0
    browser.cookie = ""
    assert (await browser.ask("sign_in", "end")).status == 204


async def test_other_sites_sign_nobody_in_or_out(browser: Asking) -> None:
    """Not even with a key of their own."""
    for handler in (browser.sign_in.begin, browser.sign_in.end):
        exchange, _ = exchange_of("POST", "/v1/console/session", {b"cookie": f"{NAME}=x".encode()})
        with pytest.raises(PermissionDenied):
            await handler(exchange)


async def test_who_shows_a_key_has_no_session(browser: Asking) -> None:
    """The overview is good for programs, too."""
    exchange, wire = exchange_of("GET", "/v1/console/overview", {b"authorization": b"Bearer x"})
    exchange.key = Key("alice", scopes=CLIENT, account_name="acme")
    await browser.overview.overview(exchange)
    told = json.loads(wire.body)
    assert (told["account"], told["session"], told["key"]) == ("acme", None, {"id": "", "name": "alice"})


async def test_settings_are_told(browser: Asking) -> None:
    """As they are now."""
    told = json.loads((await browser.ask("overview", "settings", key=NAMED)).body)
    assert told["settings"][0]["name"] == "server.port"


async def test_a_request_is_explained_to_its_own_account(browser: Asking, database: Database) -> None:
    """Or to who has the scope `admin`; to others it does not exist."""
    turn = Interaction(
        completion_id="completion-1",
        account="acme",
        created_at_ms=5,
        messages=(Message("user", "the heron nests"),),
        completion=Answer(""),
        answer_id="chatcmpl-1",
        request_id="req_1",
        model="m",
        error="engine_failed",
    )
    await database.write(lambda connection: store.insert(connection, turn))
    for key in (NAMED, Key("alice", account_name="acme")):
        wire = await browser.ask("overview", "request", "req_1", key=key)
        (moment,) = json.loads(wire.body)["moments"]
        assert (moment["source"], moment["what"]) == ("interaction", "stored: engine_failed")
        assert b"heron" not in wire.body
    with pytest.raises(NotFound):
        await browser.ask("overview", "request", "req_1", key=Key("mallory"))
