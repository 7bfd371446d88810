"""A request of a batch as the handler of its endpoint sees it: like any other, with nobody at the other end."""

from __future__ import annotations

from collections.abc import Callable

from antiphon.http.exchange import Exchange, Header
from antiphon.idempotency.recording import NoWire
from antiphon.key import Key

BROKEN_OFF = 502  # of an answer that began well and became none


class LineExchange(Exchange):
    """Keeps what the handler answers, and what is to be told once that answer is kept for good."""

    def __init__(self, endpoint: str, body: bytes, key: Key, request_id: str) -> None:
        headers = {b"content-type": b"application/json", b"accept": b"application/json"}
        super().__init__(NoWire(), "POST", endpoint, "", headers)
        self.add(body, len(body))
        self.complete = True
        self.key = key
        self.request_id = request_id
        self.route = endpoint
        self._answer: list[bytes] = []
        self._conclusions: list[Callable[[bool], None]] = []

    @property
    def answer(self) -> bytes:
        """The body of the answer."""
        return b"".join(self._answer).strip()

    def respond(self, status: int, body: bytes, *_headers: Header) -> None:
        """The whole answer."""
        self.started = self.responded = True
        self.status = status
        self._answer.append(body)

    def start(self, status: int, *_headers: Header) -> None:
        """The head."""
        self.started = True
        self.status = status

    def write(self, data: bytes) -> bool:
        """A piece of the body."""
        self._answer.append(data)
        return True

    def finish(self, data: bytes = b"") -> None:
        """The last piece of the body."""
        self.responded = True
        self._answer.append(data)

    def fail(self, data: bytes) -> None:
        """The error that it ends with."""
        super().fail(data)
        self.status = BROKEN_OFF

    def conclude(self, act: Callable[[bool], None]) -> None:
        """Have `act` told later: the answer is not kept yet."""
        self._conclusions.append(act)

    def concluded(self, stands: bool) -> None:
        """Tell whether the answer is kept; once."""
        acts, self._conclusions = self._conclusions, []
        for act in acts:
            act(stands)

    def break_off(self) -> None:
        """There is no end."""
        self.responded = True
        self.status = BROKEN_OFF
