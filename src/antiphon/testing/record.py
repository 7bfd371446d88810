"""What the fault engine saw: each request, when its client left, which tokens went out when. For assertions."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from antiphon.clock import Clock
from antiphon.testing.connection import Request
from antiphon.testing.faults import Fault

JSON = Any  # Any: whatever the client sent
EXCHANGES_MAX = 100_000
TOKEN_TIMES_MAX = 20_000


@dataclass(eq=False)
class Exchange:
    """One request and what became of it; moments are monotonic seconds of the engine's clock."""

    number: int
    method: str
    path: str
    headers: Mapping[str, str]
    body: JSON  # None when it was none
    connection: int
    started_s: float
    fault: Fault | None = None
    struck: bool = False
    tokens: int = 0
    ended_s: float | None = None
    disconnected_s: float | None = None
    token_times_s: deque[float] = field(default_factory=lambda: deque(maxlen=TOKEN_TIMES_MAX))

    def tokens_after(self, moment_s: float) -> int:
        """Tokens produced after that moment (of the last 20,000)."""
        return sum(at > moment_s for at in self.token_times_s)


class Record:
    """All exchanges of one engine, and a way to wait for what they become."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._changed = asyncio.Event()
        self._numbers = 0
        self.exchanges: deque[Exchange] = deque(maxlen=EXCHANGES_MAX)
        self.in_flight = 0
        self.in_flight_max = 0
        self.struck = 0

    def begin(self, request: Request, *, path: str, body: JSON) -> Exchange:
        """Note a request that came."""
        self._numbers += 1
        exchange = Exchange(
            number=self._numbers,
            method=request.method,
            path=path,
            headers=request.headers,
            body=body,
            connection=request.connection,
            started_s=self._clock.monotonic(),
        )
        self.exchanges.append(exchange)
        self.in_flight += 1
        self.in_flight_max = max(self.in_flight_max, self.in_flight)
        self._tell()
        return exchange

    def end(self, exchange: Exchange, *, disconnected: bool) -> None:
        """Note that a request is over, by itself or because its client left."""
        exchange.ended_s = self._clock.monotonic()
        if disconnected:
            exchange.disconnected_s = exchange.ended_s
        self.in_flight -= 1
        self._tell()

    def strike(self, exchange: Exchange) -> None:
        """Note that the fault of this exchange was really injected."""
        exchange.struck = True
        self.struck += 1
        self._tell()

    def token(self, exchange: Exchange) -> None:
        """Note a token produced."""
        exchange.tokens += 1
        exchange.token_times_s.append(self._clock.monotonic())
        if exchange.tokens == 1:
            self._tell()

    async def wait_for(self, condition: Callable[[], bool], *, timeout_s: float) -> None:
        """Return once `condition` holds; TimeoutError when it does not in time."""
        async with asyncio.timeout(timeout_s):
            while not condition():
                changed = self._changed
                await changed.wait()

    def _tell(self) -> None:
        """Wake all who wait."""
        self._changed.set()
        self._changed = asyncio.Event()
