"""The server: how many it lets in, what time it tells, and how it ends."""

from __future__ import annotations

import asyncio
import socket
import ssl

import pytest
import trustme

from antiphon.clock import ManualClock
from antiphon.http.connection import ConnectionLimits
from antiphon.http.exchange import Exchange
from antiphon.testing.raw_client import RawClient
from tests.unit.http.serving import PATIENCE_S, Echo, serving, statuses

GET = b"GET / HTTP/1.1\r\nhost: a\r\n\r\n"


@pytest.mark.parametrize(
    "limits", [ConnectionLimits(connections_max=2), ConnectionLimits(connections_per_address_max=2)]
)
async def test_connections_are_bounded(limits: ConnectionLimits) -> None:
    """One too many is told so and closed; when another ends there is room again."""
    async with serving(Echo(), limits) as lab:
        first, second = await RawClient.connect(lab.url), await RawClient.connect(lab.url)
        for client in (first, second):
            await client.send(GET)
            assert (await client.response()).status == 200
        said = await lab.told(b"")
        assert statuses(said) == [503]
        assert b"Too many connections." in said
        await first.send(GET.replace(b"\r\n\r\n", b"\r\nconnection: close\r\n\r\n"))
        await first.response()
        await first.closed()
        async with await RawClient.connect(lab.url) as third:
            await third.send(GET)
            assert (await third.response()).status == 200
        first.close()
        second.close()


async def test_the_date_is_told() -> None:
    """In the form of HTTP, and it moves with the clock."""
    clock = ManualClock(now=784111777.0)
    async with serving(Echo(), clock=clock) as lab, await RawClient.connect(lab.url) as client:
        for date in ("Sun, 06 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:38 GMT"):
            await client.send(GET)
            assert (await client.response()).headers["date"] == date
            clock.advance(1.0)


async def test_over_tls() -> None:
    """The same server behind a certificate."""
    authority = trustme.CA()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("localhost").configure_cert(context)
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)
    async with serving(Echo(), ConnectionLimits(body_bytes_max=1000), tls=context) as lab:
        for request, status in ((GET, 200), (b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 2000\r\n\r\nx", 413)):
            reader, writer = await asyncio.open_connection(
                "127.0.0.1", lab.port, ssl=trusting, server_hostname="localhost"
            )
            writer.write(request)
            async with asyncio.timeout(PATIENCE_S):
                head = await reader.readuntil(b"\r\n\r\n")
            assert statuses(head) == [status]
            writer.transport.abort()


class Slow:
    """A handler that begins an answer and ends it when told to."""

    def __init__(self) -> None:
        self.begun = asyncio.Event()
        self.go_on = asyncio.Event()
        self.cancelled = False

    async def __call__(self, exchange: Exchange) -> None:
        """Answer in two pieces."""
        exchange.start(200)
        exchange.write(b"first")
        self.begun.set()
        try:
            await self.go_on.wait()
        except asyncio.CancelledError:
            self.cancelled = True
            raise
        exchange.finish(b"last")


async def test_a_drain_lets_running_answers_end() -> None:
    """Idle connections end, nobody new is let in, and what runs may end."""
    slow = Slow()
    async with serving(slow) as lab:
        running, idle = await RawClient.connect(lab.url), await RawClient.connect(lab.url)
        await running.send(GET)
        await slow.begun.wait()
        stopping = asyncio.create_task(lab.server.stop(PATIENCE_S))
        assert await idle.closed() == "closed"
        with pytest.raises(ConnectionError):
            await RawClient.connect(lab.url)
        assert not stopping.done()
        slow.go_on.set()
        answer = await running.response()
        assert (answer.body, answer.ending) == (b"firstlast", "whole")
        assert await running.closed() == "closed"
        async with asyncio.timeout(PATIENCE_S):
            await stopping
        running.close()
        idle.close()


async def test_a_drain_has_an_end() -> None:
    """What still runs after the time to drain is cut, and its handler cancelled."""
    slow = Slow()
    async with serving(slow) as lab, await RawClient.connect(lab.url) as client:
        await client.send(GET)
        await slow.begun.wait()
        async with asyncio.timeout(PATIENCE_S):
            await lab.server.stop(0.05)
        answer = await client.response()
        assert (answer.body, answer.ending) != (b"firstlast", "whole")
        assert slow.cancelled


async def test_a_drain_serves_what_was_on_its_way() -> None:
    """A request on a kept connection is answered, and the answer says that it is the last."""
    async with serving(Echo()) as lab, await RawClient.connect(lab.url) as client:
        await client.send(GET)
        assert "connection" not in (await client.response()).headers
        stopping = asyncio.create_task(lab.server.stop(PATIENCE_S))
        await asyncio.sleep(0)
        await client.send(GET)
        answer = await client.response()
        assert (answer.status, answer.headers["connection"]) == (200, "close")
        assert await client.closed() == "closed"
        await stopping


async def test_a_drain_takes_in_whoever_has_connected() -> None:
    """The system has accepted them; nobody of them is turned away because the server had not looked yet."""
    async with serving(Echo()) as lab:
        clients = [socket.create_connection(("127.0.0.1", lab.port)) for _ in range(20)]
        for client in clients:
            client.sendall(GET)
        await lab.server.stop(PATIENCE_S)
        for client in clients:
            with client:
                assert statuses(client.recv(1000)) == [200]


async def test_what_is_ended_may_say_so() -> None:
    """A handler that is ended has a moment for its last words, and they reach the client."""

    async def handler(exchange: Exchange) -> None:
        exchange.start(200)
        exchange.write(b"half")
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            assert exchange.ended_by is not None
            exchange.fail(b" and no more: " + exchange.ended_by.message.encode())

    async with serving(handler) as lab, await RawClient.connect(lab.url) as client:
        await client.send(GET)
        await client.until(b"half")
        await lab.server.stop(0.0)
        assert (await client.response()).body == b"half and no more: The gateway ends."
        assert await client.closed() == "closed"


async def test_requests_that_come_while_draining_are_the_last() -> None:
    """A request that was sent ahead is not begun; the answer under way is the connection's last."""
    slow = Slow()
    async with serving(slow) as lab, await RawClient.connect(lab.url) as client:
        await client.send(GET + GET)
        await slow.begun.wait()
        stopping = asyncio.create_task(lab.server.stop(PATIENCE_S))
        await asyncio.sleep(0)
        slow.go_on.set()
        assert (await client.response()).body == b"firstlast"
        assert await client.closed() in ("closed", "reset")
        await stopping
