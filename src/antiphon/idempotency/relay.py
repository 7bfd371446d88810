"""From an answer to a client: all of it from its beginning, then what comes, as fast as that client reads."""

from __future__ import annotations

from antiphon.errors import AntiphonError
from antiphon.http.exchange import Exchange
from antiphon.idempotency.answer import Answer, Reader

REPLAYED = (b"idempotent-replayed", b"true")


async def relay(exchange: Exchange, answer: Answer, *, replayed: bool = False) -> None:
    """Give the client the answer. Raises what it failed of, as long as nothing was sent.

    `replayed` tells the client that nothing was done for this request: another one made the answer.
    """
    reader = answer.join()
    try:
        while not (answer.status or answer.ended):
            await answer.change()
        if not answer.status:
            raise answer.failure or AntiphonError("Something went wrong here.")
        headers = (*answer.headers, REPLAYED) if replayed or answer.replayed else answer.headers
        if answer.ended and answer.failure is None:
            exchange.respond(answer.status, answer.read(reader), *headers)
            return
        exchange.start(answer.status, *headers)
        await _pieces(exchange, answer, reader)
    finally:
        answer.leave(reader)


async def _pieces(exchange: Exchange, answer: Answer, reader: Reader) -> None:
    """What there is and what comes; a body that has no end is cut."""
    while True:
        data = answer.read(reader)
        if answer.ended and answer.failure is None:
            exchange.finish(data)
            return
        if data:
            if not exchange.write(data):
                await exchange.drain()
        elif answer.ended:
            exchange.break_off()
            return
        else:
            await answer.change()
