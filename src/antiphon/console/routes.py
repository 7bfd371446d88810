"""/v1/console: sign-in and sign-out, who the caller is and what there is here, settings, what became of a request."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import msgspec
from msgspec import Struct

from antiphon.accounts.keyring import Keyring
from antiphon.accounts.sign_in import SignIn
from antiphon.console.cookies import SessionCookie
from antiphon.console.sessions import Sessions, Signed
from antiphon.console.visitors import Visitors
from antiphon.console.wire import (
    Facts,
    SessionBody,
    WireMoment,
    WireMoments,
    WireSession,
    WireSetting,
    WireSettings,
    WireSignIn,
    overview,
)
from antiphon.db import Connection, Database
from antiphon.errors import BadRequest, NotFound
from antiphon.http.decode import decode
from antiphon.http.exchange import JSON, NOT_GUESSED, NOT_KEPT, Exchange, Header, require_key
from antiphon.observe.timeline import Known, known

_session_body = msgspec.json.Decoder(SessionBody)


class SignInRoutes:
    """From a key or a wallet to a cookie, and back. `on_change` lets this gateway see at once that a key has ended."""

    def __init__(
        self,
        sessions: Sessions,
        visitors: Visitors,
        cookie: SessionCookie,
        keyring: Keyring,
        sign_in: SignIn,
        facts: Facts,
        *,
        on_change: Callable[[], Awaitable[None]],
    ) -> None:
        self._sessions = sessions
        self._visitors = visitors
        self._cookie = cookie
        self._keyring = keyring
        self._sign_in = sign_in
        self._facts = facts
        self._on_change = on_change

    async def ways(self, exchange: Exchange) -> None:
        """How one can sign in."""
        facts = self._facts
        wallets = facts.features.sign_in
        found = WireSignIn(facts.gateway.version, wallets, list(facts.chain_ids) if wallets else [])
        _respond(exchange, 200, found)

    async def begin(self, exchange: Exchange) -> None:
        """Sign in. A session that the browser had ends, so that no cookie from before is good for more."""
        before = self._visitors.token(exchange)
        body = decode(await exchange.body(), _session_body)
        signed = await self._signed(body)
        ended = bool(before) and await self._sessions.end(before)
        if ended or body.revoke_others:
            await self._on_change()
        lifetime = self._sessions.lifetime
        shown = overview(signed.key, self._facts, WireSession(signed.ends_at_ms, lifetime.idle_s))
        cookie = (b"set-cookie", self._cookie.given(signed.token, lifetime.most_s))
        _respond(exchange, 201, shown, cookie)

    async def _signed(self, body: SessionBody) -> Signed:
        if body.api_key is not None:
            text = body.api_key.strip()
            now_s = asyncio.get_running_loop().time()
            key = self._keyring.find(text.encode(), now_s) or await self._keyring.look_up(text.encode())
            return await self._sessions.begin(key, text)
        if body.message is None or body.signature is None:
            raise BadRequest("api_key: required where there are no `message` and `signature`.", param="api_key")
        proven = await self._sign_in.prove(body.message, body.signature)
        return await self._sessions.begin_by_wallet(proven, revoke_others=body.revoke_others)

    async def end(self, exchange: Exchange) -> None:
        """Sign out; who has not signed in is signed out already."""
        token = self._visitors.token(exchange)
        if token and await self._sessions.end(token):
            await self._on_change()
        exchange.respond(204, b"", (b"set-cookie", self._cookie.taken_away()), NOT_KEPT)


class OverviewRoutes:
    """What the console shows besides what other routes tell. `settings` are this gateway's, secrets left out."""

    def __init__(
        self,
        database: Database,
        visitors: Visitors,
        facts: Facts,
        *,
        idle_s: int,
        settings: Callable[[], Sequence[WireSetting]],
    ) -> None:
        self._database = database
        self._visitors = visitors
        self._facts = facts
        self._idle_s = idle_s
        self._settings = settings

    async def overview(self, exchange: Exchange) -> None:
        """Who the caller is, what they may do, and what there is here."""
        key = require_key(exchange)
        session = None
        if self._visitors.comes(exchange):
            held = await self._visitors.held(exchange)
            session = WireSession(held.session.ends_at_ms, self._idle_s)
        _respond(exchange, 200, overview(key, self._facts, session))

    async def settings(self, exchange: Exchange) -> None:
        """Every setting as it is now."""
        _respond(exchange, 200, WireSettings(list(self._settings())))

    async def request(self, exchange: Exchange) -> None:
        """What is kept of one request: the caller's own, or anybody's for who has the scope `admin`."""
        key, name = require_key(exchange), exchange.parameter
        account = None if "admin" in key.scopes else key.account

        def work(connection: Connection) -> Known:
            return known(connection, name, account)

        found = await self._database.read(work)
        if not found.moments:
            raise NotFound("Nothing is kept of a request of that id, or it is somebody else's.")
        moments = [WireMoment(one.at_ms, one.source, one.what, one.details) for one in found.moments]
        _respond(exchange, 200, WireMoments(moments))


def _respond(exchange: Exchange, status: int, answer: Struct, *headers: Header) -> None:
    exchange.respond(status, msgspec.json.encode(answer), JSON, NOT_KEPT, NOT_GUESSED, *headers)
