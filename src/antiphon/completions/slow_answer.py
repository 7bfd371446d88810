"""A plain answer that may take long: blank lines in front of it keep proxies from cutting the connection."""

from __future__ import annotations

from antiphon.errors import AntiphonError
from antiphon.http.errors import ErrorShape, json_body
from antiphon.http.exchange import JSON, Exchange, Header


class SlowAnswer:
    """One answer in JSON. The first blank line commits the status 200; until then an error has its own."""

    def __init__(self, exchange: Exchange, headers: tuple[Header, ...]) -> None:
        self._exchange = exchange
        self._headers = (JSON, *headers)

    def beat(self) -> None:
        """One more blank line."""
        if not self._exchange.started:
            self._exchange.start(200, *self._headers)
        self._exchange.write(b"\n")

    def fail(self, error: AntiphonError, shape: ErrorShape) -> None:
        """The error behind blank lines, if there are any; else it is raised, for a response of its own."""
        if not self._exchange.started:
            raise error
        if self._exchange.course is not None:
            self._exchange.course.refused(error, self._exchange.key)
        self._exchange.fail(json_body(error, shape))

    def finish(self, body: bytes, *late: Header) -> None:
        """The whole answer; headers that are known only now are told where none are out yet."""
        if self._exchange.started:
            self._exchange.finish(body)
        else:
            self._exchange.respond(200, body, *self._headers, *late)
