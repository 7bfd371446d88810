"""Whoever comes with a cookie in place of a key: taken for the key that signed in, if the console itself sent it."""

from __future__ import annotations

from antiphon.accounts.authenticate import API_KEY
from antiphon.console.cookies import SessionCookie
from antiphon.console.same_origin import MARK, require_same_origin
from antiphon.console.sessions import Held, Sessions
from antiphon.errors import Unauthenticated
from antiphon.http.exchange import Exchange
from antiphon.key import Key

AUTHORIZATION = b"authorization"  # or Anthropic's header: a key that is shown counts


class Visitors:
    """Knows requests of the console, and whose they are. `hosts` are those of the gateway's own addresses."""

    def __init__(self, sessions: Sessions, cookie: SessionCookie, *, hosts: frozenset[str]) -> None:
        self._sessions = sessions
        self._cookie = cookie
        self._hosts = hosts

    def comes(self, exchange: Exchange) -> bool:
        """Whether a request is the console's, and shows no key of its own."""
        headers = exchange.headers
        return MARK in headers and AUTHORIZATION not in headers and API_KEY not in headers

    async def key(self, exchange: Exchange) -> Key:
        """The key that signed in; Unauthenticated once the session has ended."""
        return (await self.held(exchange)).key

    async def held(self, exchange: Exchange, *, uses: bool = True) -> Held:
        """The session that a request is of; unless it only looks, it is used by that."""
        token = self.token(exchange)
        if not token:
            raise Unauthenticated("Nobody has signed in.", code="missing_api_key")
        return await self._sessions.find(token, uses=uses)

    def token(self, exchange: Exchange) -> str:
        """The token that a request of the console carries, "" where there is none; PermissionDenied for others."""
        require_same_origin(exchange.method, exchange.headers, self._hosts)
        return self._cookie.token(exchange.header(b"cookie"))
