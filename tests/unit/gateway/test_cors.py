"""Tests of cross-origin headers and preflights."""

from __future__ import annotations

import pytest

from antiphon.gateway.cors import CrossOrigin
from tests.unit.http.recording import exchange_of

APP = "https://app.example"
PREFLIGHT = {b"origin": APP.encode(), b"access-control-request-method": b"POST"}


@pytest.mark.parametrize("headers", [{}, {b"origin": b"https://app.example.evil"}, {b"origin": b"http://app.example"}])
def test_other_origins_get_nothing(headers: dict[bytes, bytes]) -> None:
    """Without an origin, or with one that is only alike, nothing is added and nothing answered."""
    exchange, wire = exchange_of("GET", "/v1/models", headers)
    assert CrossOrigin((APP,)).handle(exchange) is False
    assert exchange.always == b""
    assert wire.sent == b""


def test_an_allowed_origin_is_marked() -> None:
    """Whatever the handler answers carries the origin, and never allows credentials."""
    exchange, wire = exchange_of("GET", "/v1/models", {b"origin": APP.encode()})
    assert CrossOrigin((APP,)).handle(exchange) is False
    exchange.respond(200, b"{}")
    assert wire.headers["access-control-allow-origin"] == APP
    assert wire.headers["vary"] == "origin"
    exposed = wire.headers["access-control-expose-headers"].split(", ")
    assert exposed[:2] == ["x-request-id", "x-ignored-fields"]
    assert {"x-prompt-truncated", "x-session-id", "x-should-retry", "retry-after"} < set(exposed)
    assert "x-ratelimit-remaining-requests" in exposed
    assert "access-control-allow-credentials" not in wire.headers


def test_a_star_allows_every_origin() -> None:
    """The caller's own origin is named, not a star."""
    exchange, wire = exchange_of("GET", "/", {b"origin": b"https://anything.example"})
    CrossOrigin(("*",)).handle(exchange)
    exchange.respond(200, b"")
    assert wire.headers["access-control-allow-origin"] == "https://anything.example"


def test_a_preflight_is_answered() -> None:
    """204 without a body, with the methods, the headers and how long that holds."""
    exchange, wire = exchange_of("OPTIONS", "/v1/chat/completions", PREFLIGHT)
    assert CrossOrigin((APP,)).handle(exchange) is True
    assert (wire.status, wire.body, exchange.responded) == (204, b"", True)
    assert wire.headers["access-control-allow-methods"] == "GET, POST, PATCH, DELETE"
    assert "authorization" in wire.headers["access-control-allow-headers"].split(", ")
    assert wire.headers["access-control-max-age"] == "600"


@pytest.mark.parametrize(("method", "headers"), [("POST", PREFLIGHT), ("OPTIONS", {b"origin": APP.encode()})])
def test_what_is_no_preflight_goes_on(method: str, headers: dict[bytes, bytes]) -> None:
    """Only OPTIONS that asks for a method is answered here."""
    exchange, wire = exchange_of(method, "/v1/chat/completions", headers)
    assert CrossOrigin((APP,)).handle(exchange) is False
    assert wire.sent == b""


def test_a_preflight_from_elsewhere_is_not_answered() -> None:
    """An origin that is not set learns nothing."""
    exchange, wire = exchange_of("OPTIONS", "/", {**PREFLIGHT, b"origin": b"https://other.example"})
    assert CrossOrigin((APP,)).handle(exchange) is False
    assert wire.sent == b""
