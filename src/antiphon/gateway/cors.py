"""Cross-origin calls from browsers: off unless origins are set, exact origins, never credentials."""

from __future__ import annotations

from antiphon.http.exchange import Exchange, Message, Scope, Send

ALLOWED_HEADERS = b"authorization, content-type, x-request-id, x-session-id, idempotency-key"
EXPOSED_HEADERS = b"x-request-id, x-ignored-fields, retry-after"
MAX_AGE_S = b"600"


class CrossOrigin:
    """Adds the headers that browsers ask for."""

    def __init__(self, origins: tuple[str, ...]) -> None:
        self._any = "*" in origins
        self._origins = frozenset(origin.encode() for origin in origins)

    def _allows(self, scope: Scope) -> bytes | None:
        if not self._origins:
            return None
        origin: bytes | None = next((value for name, value in scope["headers"] if name == b"origin"), None)
        return origin if origin is not None and (self._any or origin in self._origins) else None

    def wrap(self, scope: Scope, send: Send) -> Send:
        """`send`, with the headers added where the origin is allowed."""
        origin = self._allows(scope)
        if origin is None:
            return send

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                extra = (
                    (b"access-control-allow-origin", origin),
                    (b"vary", b"origin"),
                    (b"access-control-expose-headers", EXPOSED_HEADERS),
                )
                message = {**message, "headers": [*message["headers"], *extra]}
            await send(message)

        return send_with_headers

    async def preflight(self, exchange: Exchange) -> bool:
        """Answer a browser's question before its real request; False when this is none."""
        if exchange.scope["method"] != "OPTIONS" or b"access-control-request-method" not in exchange.headers:
            return False
        if self._allows(exchange.scope) is None:
            return False
        await exchange.respond(
            204,
            b"",
            (b"access-control-allow-methods", b"GET, POST"),
            (b"access-control-allow-headers", ALLOWED_HEADERS),
            (b"access-control-max-age", MAX_AGE_S),
        )
        return True
