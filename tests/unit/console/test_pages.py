"""Tests of how the console's files are given to browsers."""

from __future__ import annotations

import pytest

from antiphon.console.assets import Asset
from antiphon.console.pages import ConsolePages
from antiphon.errors import NotFound
from tests.unit.http.recording import RecordingWire, exchange_of

SCRIPT = Asset(b"text/javascript", b"script", b"packed", b"abc")
PAGE = Asset(b"text/html", b"<p>page", None, b"def")
ELSEWHERE = "Nothing here."


def pages(*, secure: bool = False) -> ConsolePages:
    """Those of a console of two files."""
    return ConsolePages({"index.html": PAGE, "app.js": SCRIPT}, secure=secure, elsewhere=ELSEWHERE)


async def asset(name: str, headers: dict[bytes, bytes] | None = None, *, secure: bool = False) -> RecordingWire:
    """A file, as a browser asks for it."""
    exchange, wire = exchange_of("GET", f"/console/{name}", headers)
    exchange.parameter = name
    await pages(secure=secure).asset(exchange)
    return wire


async def test_a_browser_gets_the_page() -> None:
    """At the gateway's own address, if it wants one; others are told what they always were."""
    exchange, wire = exchange_of("GET", "/", {b"accept": b"text/html,*/*;q=0.8"})
    await pages().front(exchange)
    assert (wire.status, wire.body) == (200, b"<p>page")
    for accept in ({}, {b"accept": b"*/*"}, {b"accept": b"application/json"}):
        with pytest.raises(NotFound, match=ELSEWHERE):
            await pages().front(exchange_of("GET", "/", accept)[0])
    exchange, wire = exchange_of("GET", "/console/")
    await pages().index(exchange)
    assert wire.body == b"<p>page"


@pytest.mark.parametrize(
    ("accepted", "body"),
    [(b"gzip, br", b"packed"), (b"br;q=1, GZIP;q=0.5", b"packed"), (b"gzip;q=0", b"script"), (b"", b"script")],
)
async def test_a_file_is_compressed_for_who_takes_that(accepted: bytes, body: bytes) -> None:
    """And has an ETag of its own then."""
    wire = await asset("app.js", {b"accept-encoding": accepted})
    assert wire.body == body
    assert ("content-encoding" in wire.headers) == (body == b"packed")
    assert wire.headers["etag"] == ('"abc-gzip"' if body == b"packed" else '"abc"')
    assert wire.headers["vary"] == "accept, accept-encoding"


async def test_a_file_that_is_known_is_not_sent_again() -> None:
    """Whichever of several the browser has."""
    wire = await asset("app.js", {b"if-none-match": b'"old", W/"abc"'})
    assert (wire.status, wire.body) == (304, b"")
    assert wire.headers["etag"] == '"abc"'
    assert (await asset("app.js", {b"if-none-match": b'"old"'})).status == 200


@pytest.mark.parametrize("name", ["other.js", "../assets.py", "/etc/passwd", ""])
async def test_nothing_else_is_given(name: str) -> None:
    """Only what was read at the start."""
    with pytest.raises(NotFound):
        await asset(name)


async def test_a_browser_may_do_nothing_but_what_the_console_needs() -> None:
    """No script and no style from elsewhere or within the page, no frame, no form, no address but the gateway's."""
    headers = (await asset("app.js")).headers
    rules = dict(rule.strip().split(" ", 1) for rule in headers["content-security-policy"].split(";"))
    assert rules == {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "img-src": "'self' blob: data:",
        "connect-src": "'self'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
        "base-uri": "'none'",
    }
    assert headers["x-content-type-options"] == "nosniff"
    assert "strict-transport-security" not in headers
    assert "strict-transport-security" in (await asset("app.js", secure=True)).headers
