"""Tests of how a request of the console is known, and whose it is."""

from __future__ import annotations

import pytest

from antiphon.console.cookies import NAME
from antiphon.db import Database
from antiphon.errors import PermissionDenied, Unauthenticated
from antiphon.http.exchange import Exchange
from tests.unit.http.recording import exchange_of

from .desk import NAMED, NAMED_TEXT, SAME_ORIGIN, Desk


@pytest.fixture
def database_kind() -> str:
    """One kind: sessions are tested on all."""
    return "sqlite-again"


def request(token: str = "", headers: dict[bytes, bytes] | None = None) -> Exchange:
    """One with a cookie, from the console unless other headers are given."""
    exchange, _ = exchange_of("POST", "/v1/models", dict(SAME_ORIGIN if headers is None else headers))
    if token:
        exchange.headers[b"cookie"] = f"{NAME}={token}".encode()
    return exchange


async def test_who_signed_in_comes_with_their_key(database: Database) -> None:
    """Only the console's own requests are looked at: a cookie alone says nothing."""
    desk = Desk(database)
    token = (await desk.sessions.begin(NAMED, NAMED_TEXT)).token
    assert desk.visitors.comes(request(token))
    assert await desk.visitors.key(request(token)) == NAMED
    assert not desk.visitors.comes(request(token, {}))


async def test_a_key_that_is_shown_is_what_counts(database: Database) -> None:
    """Whatever cookie comes with it."""
    desk = Desk(database)
    for shown in ({b"authorization": b"Bearer x"}, {b"x-api-key": b"x"}):
        assert not desk.visitors.comes(request("x", SAME_ORIGIN | shown))


async def test_who_has_not_signed_in_is_told_so(database: Database) -> None:
    """Without a cookie, and with one that is good no more."""
    desk = Desk(database)
    for token in ("", "x"):
        with pytest.raises(Unauthenticated):
            await desk.visitors.key(request(token))


async def test_another_site_cannot_use_the_cookie(database: Database) -> None:
    """Even where it gets a browser to send it."""
    desk = Desk(database)
    token = (await desk.sessions.begin(NAMED, NAMED_TEXT)).token
    with pytest.raises(PermissionDenied):
        await desk.visitors.key(request(token, {**SAME_ORIGIN, b"sec-fetch-site": b"cross-site"}))
