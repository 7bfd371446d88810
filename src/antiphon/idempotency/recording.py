"""A request as its handler sees it when the answer goes to an `Answer` and from there to any number of clients."""

from __future__ import annotations

from collections.abc import Callable

from antiphon.http.exchange import Exchange, Header
from antiphon.idempotency.answer import Answer


class NoWire:
    """Stands where an exchange has its connection: the request has arrived, and nothing is sent from here."""

    congested = False

    def write(self, data: bytes) -> None:
        """Send nothing."""

    async def drain(self) -> None:
        """There is nothing to wait for."""

    def finished(self, exchange: Exchange) -> None:
        """There is no connection to go on with."""

    def resume(self) -> None:
        """There is nothing to read."""

    def date(self) -> bytes:
        """No head is made here."""
        return b""


class Recording(Exchange):
    """Keeps what a handler answers. The last piece is held back in `last`: it is given when the answer is kept."""

    def __init__(self, exchange: Exchange, body: bytes, answer: Answer) -> None:
        super().__init__(NoWire(), exchange.method, exchange.path, exchange.query, exchange.headers)
        self.request_id = exchange.request_id
        self.route = exchange.route
        self.key = exchange.key
        self.course = exchange.course
        self.parameter = exchange.parameter
        self.complete = True
        self.add(body, len(body))
        self.answer_headers: tuple[Header, ...] = ()
        self.last = b""
        self._answer = answer
        self._conclusions: list[Callable[[bool], None]] = []

    @property
    def whole(self) -> bool:
        """Whether the handler answered, and well: neither a refusal nor a failure on the way."""
        return self.responded and not self.failed and 200 <= self.status < 300

    def respond(self, status: int, body: bytes, *headers: Header) -> None:
        """The whole answer."""
        self.started = self.responded = True
        self.status = status
        self.answer_headers = headers
        self.last = body

    def start(self, status: int, *headers: Header) -> None:
        """The head, which can be sent on at once."""
        self.started = True
        self.status = status
        self.answer_headers = headers
        self._answer.begin(status, headers)

    def write(self, data: bytes) -> bool:
        """A piece of the body; False when it should wait."""
        return self._answer.add(data) if data else True

    def finish(self, data: bytes = b"") -> None:
        """The last piece of the body."""
        self.responded = True
        self.last = data

    def conclude(self, act: Callable[[bool], None]) -> None:
        """Have `act` told later: the answer is not kept yet."""
        self._conclusions.append(act)

    def concluded(self, *, stands: bool) -> None:
        """Tell whether the answer stands, or will be made anew for whoever asks again."""
        for act in self._conclusions:
            act(stands)

    async def drain(self) -> None:
        """Wait for the clients of an answer that is too large to be kept."""
        await self._answer.drain()

    def break_off(self) -> None:
        """There is no end."""
        self.failed = True
        self.responded = True
