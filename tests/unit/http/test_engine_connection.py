"""One connection of the HTTP client: back-pressure, closing, waking, and answers in pieces."""

from __future__ import annotations

import asyncio
import socket

import pytest

from antiphon.http.client import Pool
from antiphon.http.engine_connection import BUFFER_BYTES_MAX, SYSTEM_BYTES_MAX, Connection
from antiphon.http.origin import Broken, ClientLimits, ConnectFailed, Origin
from tests.unit.http.asking import ask, headed, rest
from tests.unit.http.origin import Visit, each_time, for_ever, running

CLOSED = b"HTTP/1.1 200 OK\r\n\r\nall of it"
CHUNKED_HEAD = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"


async def test_the_system_takes_in_little_of_what_nobody_reads() -> None:
    """As much as was asked for, doubled as Linux does; it does not grow with how fast an engine speaks."""
    loop = asyncio.get_running_loop()
    async with running(for_ever()) as origin:
        there = Origin.parse(origin.url)
        transport, _ = await loop.create_connection(
            lambda: Connection(loop, lambda _: None, body_bytes_max=1), there.host, there.port
        )
        kept = transport.get_extra_info("socket").getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF)
        transport.abort()
    assert kept == 2 * SYSTEM_BYTES_MAX


async def test_a_slow_reader_stops_the_engine() -> None:
    """What is not read is not buffered without bound: the origin cannot go on sending, and can once it is read."""
    piece = b"10000\r\n" + b"x" * 65536 + b"\r\n"
    stalled = asyncio.Event()
    pieces = 512

    async def script(visit: Visit) -> None:
        await visit.request()
        await visit.say(CHUNKED_HEAD)
        for _ in range(pieces):
            visit.writer.write(piece)
            try:
                await asyncio.wait_for(visit.writer.drain(), 0.3)
            except TimeoutError:
                stalled.set()
                await visit.writer.drain()
        await visit.say(b"0\r\n\r\n")

    async with running(script) as origin:
        pool = Pool(Origin.parse(origin.url))
        answer = await pool.send("GET", "/")
        await headed(answer)
        async with asyncio.timeout(30):
            await stalled.wait()
        first = await answer.read_some()
        assert first is not None
        assert 0 < len(first) < 4 * BUFFER_BYTES_MAX
        assert len(first) + len(await rest(answer)) == pieces * 65536
        answer.close()
        pool.close()


async def test_closing_an_unfinished_answer_closes_its_connection() -> None:
    """The engine sees the end at once, and the next request has a connection of its own."""
    gone = asyncio.Event()

    async def script(visit: Visit) -> None:
        await visit.request()
        await visit.say(CHUNKED_HEAD + b"1\r\nx\r\n")
        await visit.until_closed()
        gone.set()

    async with running(script) as origin:
        pool = Pool(Origin.parse(origin.url))
        answer = await pool.send("GET", "/")
        await headed(answer)
        answer.close()
        async with asyncio.timeout(5):
            await gone.wait()
        again = await pool.send("GET", "/")
        await headed(again)
        again.close()
        assert origin.visits == 2
        pool.close()


async def test_a_closed_answer_cannot_be_read() -> None:
    """After `close` there is nothing left to ask; closing twice is harmless."""
    async with running(for_ever()) as origin:
        pool = Pool(Origin.parse(origin.url))
        answer = await pool.send("GET", "/")
        await headed(answer)
        answer.close()
        answer.close()
        with pytest.raises(Broken, match="closed"):
            _ = answer.status
        answer.wake()
        pool.close()


async def test_wake_ends_a_wait() -> None:
    """A waiting `head` returns False and a waiting `read_some` None, and the answer goes on afterwards."""
    go_on = asyncio.Event()

    async def script(visit: Visit) -> None:
        await visit.request()
        await go_on.wait()
        go_on.clear()
        await visit.say(CHUNKED_HEAD)
        await go_on.wait()
        await visit.say(b"1\r\nx\r\n0\r\n\r\n")
        await visit.until_closed()

    async with running(script) as origin:
        pool = Pool(Origin.parse(origin.url))
        answer = await pool.send("GET", "/")
        loop = asyncio.get_running_loop()
        loop.call_soon(answer.wake)
        assert await answer.head() is False
        go_on.set()
        await headed(answer)
        loop.call_soon(answer.wake)
        assert await answer.read_some() is None
        go_on.set()
        assert await rest(answer) == b"x"
        answer.close()
        pool.close()


async def test_an_end_between_sending_and_waiting_is_seen() -> None:
    """A connection that breaks before anybody waits for its head does not keep them waiting."""
    async with running(each_time()) as origin:
        pool = Pool(Origin.parse(origin.url))
        answer = await pool.send("GET", "/")
        await origin.ended.wait()
        later = Pool(pool.origin)
        with pytest.raises(Broken):
            await ask(later)  # a round trip that ends after the first connection did
        with pytest.raises(Broken):
            await headed(answer)
        answer.close()


async def test_nobody_listens() -> None:
    """A refused connection is ConnectFailed: nothing was sent."""
    with socket.socket() as placeholder:
        placeholder.bind(("127.0.0.1", 0))
        pool = Pool(Origin.parse(f"http://127.0.0.1:{placeholder.getsockname()[1]}"))
        with pytest.raises(ConnectFailed):
            await ask(pool)


async def test_a_connection_that_is_not_accepted_times_out() -> None:
    """A host whose queue of connections is full is given up after `connect_s`."""
    with socket.socket() as listener, socket.socket() as first, socket.socket() as second:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for filler in (first, second):
            filler.setblocking(False)
            filler.connect_ex(listener.getsockname())
        origin = Origin("127.0.0.1", listener.getsockname()[1])
        pool = Pool(origin, limits=ClientLimits(connect_s=0.2))
        with pytest.raises(ConnectFailed, match="timed out"):
            await ask(pool)
