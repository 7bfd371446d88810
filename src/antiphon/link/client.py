"""nats-py's client, cut down to what the link needs: a message goes to its handler at once, what is sent goes together.

The library hands each message to a queue and a task of its own, and buffers what is published while there is no
connection. Here a connection that ends is over: whoever holds it makes a new one, and nothing is sent late.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from typing import Any

import nats.errors
from nats.aio.client import Client

# Told of a subject and what was sent to it; None: nobody listens there.
Handler = Callable[[bytes, bytes | None], None]
CLOSE_S = 1.0
FLUSH_S = 10


class LinkClient(Client):
    """One connection, from `connect` to `ended`."""

    def __init__(self, on_error: Callable[[Exception], None]) -> None:
        super().__init__()
        self.ended = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._on_error = on_error
        self._handlers: dict[int, Handler] = {}
        self._out: list[bytes] = []

    async def listen(self, subject: str, handler: Handler) -> None:
        """Hand all that is sent to a subject, or to those of a pattern, to `handler`."""
        subscription = await self.subscribe(subject, cb=_never)
        self._handlers[subscription._id] = handler  # noqa: SLF001 - the number that the server repeats

    def send(self, subject: bytes, payload: bytes, reply: bytes) -> None:
        """Send with all else that is sent in this turn of the loop. `reply` is told when nobody listens."""
        if not self._out:
            self._loop.call_soon(self._write_out)
        self._out += (b"PUB %b %b %d\r\n" % (subject, reply, len(payload)), payload, b"\r\n")

    def _write_out(self) -> None:
        out, self._out = self._out, []
        if out and self.is_connected and self._transport is not None:
            self._transport.writelines(out)

    async def drained(self) -> None:
        """Wait until most of what was sent has left."""
        if self.is_connected and self._transport is not None:
            await self._transport.drain()  # type: ignore[no-untyped-call]

    async def flushed(self, timeout_s: float) -> None:
        """Wait until the server has all that was sent; nats-py's errors when it does not say so in time."""
        self._write_out()
        await self.flush(max(1, int(timeout_s)))

    async def flush(self, timeout: int = FLUSH_S) -> None:  # noqa: ASYNC109 - the library's own name
        """As the library's, whose question goes out ahead of subscriptions that still wait to be sent."""
        if self.is_connected and self._transport is not None and self._pending:
            self._transport.writelines(self._pending[:])
            self._pending.clear()
            self._pending_data_size = 0
        await super().flush(timeout)

    async def shut(self) -> None:
        """Drop the connection, also one whose other end reads nothing any more."""
        self.ended.set()
        cut(self)
        with contextlib.suppress(OSError, TimeoutError, nats.errors.Error):
            async with asyncio.timeout(CLOSE_S):
                await self._close(Client.CLOSED, do_cbs=False)

    async def _process_msg(
        self,
        sid: int,
        subject: bytes,
        reply: bytes,  # noqa: ARG002 - the library hands it over
        data: bytes,
        headers: bytes,
    ) -> None:
        """In the library's place. Only a server's word that nobody listens has headers."""
        handler = self._handlers.get(sid)
        if handler is not None:
            try:
                handler(subject, None if headers else data)
            except Exception as error:  # noqa: BLE001 - a fault over one message is not to end the connection of all
                self._on_error(error)

    async def _process_op_err(self, e: Exception) -> None:
        """In the library's place: the connection broke, or its other end is silent."""
        self._on_error(e)
        self._process_disconnect()
        self.ended.set()

    async def _process_err(self, err_msg: str) -> None:
        """The server says what is wrong; all but a refused subject is the end."""
        await super()._process_err(err_msg)
        if "permissions violation" not in err_msg:
            self._on_error(nats.errors.Error(err_msg))
            self.ended.set()


def cut(client: Client) -> None:
    """End what a client of the library has open, at once: the library itself takes turns, and may be interrupted."""
    for subscription in client._subs.values():  # noqa: SLF001 - it tells nobody else of them
        task = subscription._wait_for_msgs_task  # noqa: SLF001
        if task is not None:
            task.cancel()
    writer = getattr(client._transport, "_io_writer", None)  # noqa: SLF001
    if writer is not None:
        writer.transport.abort()


async def _never(_: Any) -> None:  # Any: the library's own message
    """A subscription of the library has a callback; it is never called here."""
