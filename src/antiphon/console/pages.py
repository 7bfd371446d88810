"""`/` and `/console/...`: the console's files, with headers that let a browser do nothing but what it needs."""

from __future__ import annotations

from collections.abc import Mapping

from antiphon.console.assets import Asset
from antiphon.errors import NotFound
from antiphon.http.exchange import NOT_GUESSED, Exchange, Header

INDEX = "index.html"
CSP = (
    b"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; connect-src 'self'; "
    b"form-action 'none'; frame-ancestors 'none'; base-uri 'none'"
)
HEADERS: tuple[Header, ...] = (
    (b"content-security-policy", CSP),
    NOT_GUESSED,
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
    (b"cache-control", b"no-cache"),  # kept, and asked for again by its ETag
    (b"vary", b"accept, accept-encoding"),
)
TLS_FROM_NOW_ON = (b"strict-transport-security", b"max-age=31536000")


class ConsolePages:
    """Gives the files to browsers. `secure`: the gateway is called over TLS, and is to be from now on.

    `elsewhere` is what clients are told at `/` that are no browsers.
    """

    def __init__(self, assets: Mapping[str, Asset], *, secure: bool, elsewhere: str) -> None:
        self._assets = assets
        self._headers = (*HEADERS, TLS_FROM_NOW_ON) if secure else HEADERS
        self._elsewhere = elsewhere

    async def front(self, exchange: Exchange) -> None:
        """The console's page at the gateway's own address, for whoever wants a page."""
        if "text/html" not in exchange.header(b"accept").lower():
            raise NotFound(self._elsewhere)
        self._give(exchange, INDEX)

    async def index(self, exchange: Exchange) -> None:
        """The console's page."""
        self._give(exchange, INDEX)

    async def asset(self, exchange: Exchange) -> None:
        """One file of it."""
        self._give(exchange, exchange.parameter)

    def _give(self, exchange: Exchange, name: str) -> None:
        asset = self._assets.get(name)
        if asset is None:
            raise NotFound("The console has no such file.")
        gzipped = asset.gzipped if _takes_gzip(exchange.header(b"accept-encoding")) else None
        etag = b'"%b%b"' % (asset.etag, b"" if gzipped is None else b"-gzip")
        headers = ((b"etag", etag), *self._headers)
        if _knows(exchange.header(b"if-none-match"), etag.decode()):
            exchange.respond(304, b"", *headers)
            return
        encoding = () if gzipped is None else ((b"content-encoding", b"gzip"),)
        exchange.respond(200, gzipped or asset.body, (b"content-type", asset.media_type), *encoding, *headers)


def _takes_gzip(accepted: str) -> bool:
    """Whether a browser says so; `gzip;q=0` would be to say that it does not."""
    for item in accepted.lower().split(","):
        name, _, quality = item.partition(";")
        if name.strip() == "gzip":
            return quality.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return False


def _knows(seen: str, etag: str) -> bool:
    """Whether the browser has that very file."""
    return any(tag.strip().removeprefix("W/") in (etag, "*") for tag in seen.split(","))
