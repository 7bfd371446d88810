"""Cross-origin calls from browsers: off unless origins are set, exact origins, never credentials."""

from __future__ import annotations

from antiphon.http.exchange import Exchange

UNITS = (b"requests", b"tokens")
ALLOWED_HEADERS = (
    b"authorization, content-type, x-request-id, x-session-id, x-wire, x-node, idempotency-key, x-payment, "
    b"payment-signature, x-api-key, anthropic-version, anthropic-beta, anthropic-dangerous-direct-browser-access"
)
EXPOSED_HEADERS = b", ".join(
    (
        b"x-request-id",
        b"x-ignored-fields",
        b"x-prompt-truncated",
        b"x-session-id",
        b"x-credits-cost",
        b"x-credits-balance",
        b"payment-required",
        b"payment-response",
        b"x-payment-response",
        b"x-should-retry",
        b"idempotent-replayed",
        b"retry-after",
        *(b"x-ratelimit-%b-%b" % (what, unit) for unit in UNITS for what in (b"limit", b"remaining", b"reset")),
    )
)
MAX_AGE_S = b"600"
SHOWN = b"vary: origin\r\naccess-control-expose-headers: %b\r\n" % EXPOSED_HEADERS


class CrossOrigin:
    """Adds the headers that browsers ask for."""

    def __init__(self, origins: tuple[str, ...]) -> None:
        self._any = "*" in origins
        self._origins = frozenset(origin.encode() for origin in origins)

    def handle(self, exchange: Exchange) -> bool:
        """Mark the response for an allowed origin; True when the request was a preflight and is answered."""
        origin = exchange.headers.get(b"origin")
        if origin is None or not (self._any or origin in self._origins):
            return False
        exchange.always += b"access-control-allow-origin: %b\r\n" % origin + SHOWN
        if exchange.method != "OPTIONS" or b"access-control-request-method" not in exchange.headers:
            return False
        exchange.respond(
            204,
            b"",
            (b"access-control-allow-methods", b"GET, POST, PATCH, DELETE"),
            (b"access-control-allow-headers", ALLOWED_HEADERS),
            (b"access-control-max-age", MAX_AGE_S),
        )
        return True
