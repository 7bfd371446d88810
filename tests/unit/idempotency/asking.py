"""What tests of keyed requests share: requests, and claims over a database."""

from __future__ import annotations

from antiphon.db import Database
from antiphon.http.exchange import Exchange
from antiphon.idempotency.claims import Claims
from antiphon.idempotency.request import HEADER, Asked, read
from antiphon.ids import Ids
from antiphon.key import Key
from tests.unit.credits.books import MovableClock
from tests.unit.http.recording import RecordingWire, exchange_of

ANN = Key("laptop", account_name="ann")
BODY = b'{"model":"m"}'


def request(
    name: bytes | None = b"k1",
    body: bytes = BODY,
    *,
    key: Key = ANN,
    path: str = "/v1/chat/completions",
    headers: dict[bytes, bytes] | None = None,
) -> tuple[Exchange, RecordingWire]:
    """A request as it reaches a handler."""
    given = dict(headers or {}) | ({} if name is None else {HEADER: name})
    exchange, wire = exchange_of("POST", path, given)
    exchange.key = key
    exchange.add(body, 1 << 24)
    return exchange, wire


def asked(name: bytes = b"k1", body: bytes = BODY, *, key: Key = ANN) -> Asked:
    """What such a request is known by."""
    return read(request(name, body, key=key)[0], body)


class Lost(list[str]):
    """Why answers could not be kept."""

    def __call__(self, reason: str) -> None:
        """Note it."""
        self.append(reason)


class Runs:
    """Runs of gateways over one database, with one clock that can be moved."""

    def __init__(self, database: Database, *, account_bytes_max: int = 1 << 20, keep_s: float = 86_400) -> None:
        self.database = database
        self.clock = MovableClock()
        self.lost = Lost()
        self._account_bytes_max = account_bytes_max
        self._keep_s = keep_s
        self._made: list[Claims] = []

    def claims(self, run: str = "run-1", *, database: Database | None = None) -> Claims:
        """The claims of a run."""
        made = Claims(
            database or self.database,
            run=run,
            clock=self.clock,
            ids=Ids(),
            keep_s=self._keep_s,
            account_bytes_max=self._account_bytes_max,
            on_lost=self.lost,
        )
        self._made.append(made)
        return made

    async def crash(self, claims: Claims) -> None:
        """End a run as a kill would: it says nothing any more."""
        self._made.remove(claims)
        if claims._beating is not None:
            claims._beating.cancel()

    async def close(self) -> None:
        """End all runs."""
        for claims in self._made:
            await claims.close()


def unchunked(wire: RecordingWire) -> bytes:
    """The body that a client reads, which must be whole."""
    rest, body = wire.body, b""
    while True:
        size, _, rest = rest.partition(b"\r\n")
        if not int(size, 16):
            return body
        body, rest = body + rest[: int(size, 16)], rest[int(size, 16) + 2 :]
