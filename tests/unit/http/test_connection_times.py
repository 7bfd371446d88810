"""How long a client may take: to ask, to send, to read, to stay; and what becomes of one that leaves."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator

import pytest

from antiphon.http.connection import ConnectionLimits
from antiphon.http.exchange import ClientGone, Exchange
from antiphon.testing.raw_client import RawClient
from tests.unit.http.serving import PATIENCE_S, Echo, HandWheel, Lab, serving, statuses

GET = b"GET / HTTP/1.1\r\nhost: a\r\n\r\n"
LIMITS = ConnectionLimits(header_timeout_s=10, body_timeout_s=10, body_bytes_per_second_min=10, keep_alive_s=75)


@pytest.fixture
async def wheel() -> HandWheel:
    """Time that passes when a test says so."""
    return HandWheel(asyncio.get_running_loop())


async def taken_in(lab: Lab) -> None:
    """Wait until the server has read what was sent before: a round trip on another connection is later."""
    for _ in range(2):
        async with await RawClient.connect(lab.url) as other:
            await other.send(GET)
            await other.response()


@pytest.mark.parametrize("said", [b"", b"\r\n", b"\r\n\r\n\r\n"])
async def test_a_client_that_asks_nothing_is_closed(said: bytes, wheel: HandWheel) -> None:
    """Empty lines are no request: they win no time."""
    async with serving(Echo(), LIMITS, wheel=wheel) as lab, await RawClient.connect(lab.url) as client:
        await client.send(said)
        await taken_in(lab)
        assert wheel.pass_time(9) == 0
        wheel.pass_time(11)
        assert await client.closed() == "closed"


async def test_a_slow_head_is_told_so(wheel: HandWheel) -> None:
    """The time counts from the first byte, however many follow one by one."""
    async with serving(Echo(), LIMITS, wheel=wheel) as lab, await RawClient.connect(lab.url) as client:
        for byte in GET[:-2]:
            await client.send(bytes([byte]))
        await taken_in(lab)
        wheel.pass_time(11)
        answer = await client.response()
        assert (answer.status, answer.headers["connection"]) == (408, "close")
        assert await client.closed() == "closed"


async def test_a_slow_second_head_is_told_so(wheel: HandWheel) -> None:
    """A kept connection gives the next request no more time than the first had."""
    async with serving(Echo(), LIMITS, wheel=wheel) as lab, await RawClient.connect(lab.url) as client:
        await client.send(GET)
        await client.response()
        await client.send(GET[:-2])
        await taken_in(lab)
        wheel.pass_time(11)
        assert (await client.response()).status == 408


@pytest.mark.parametrize(
    "head",
    [
        b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 100\r\n\r\n",
        b"POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n5\r\n",
    ],
)
async def test_a_slow_body_is_the_handler_s_to_refuse(head: bytes, wheel: HandWheel) -> None:
    """The handler that waits for it gets BodyTimeout, answers, and the connection ends."""
    async with serving(Echo(), LIMITS, wheel=wheel) as lab, await RawClient.connect(lab.url) as client:
        await client.send(head + b"hel")
        await taken_in(lab)
        wheel.pass_time(12)
        answer = await client.response()
        assert (answer.status, answer.headers["connection"]) == (408, "close")


async def test_bytes_win_time(wheel: HandWheel) -> None:
    """A large body may take longer than a small one: as long as it comes at the least rate."""
    async with serving(Echo(), LIMITS, wheel=wheel) as lab, await RawClient.connect(lab.url) as client:
        await client.send(b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 1000\r\n\r\n" + b"x" * 500)
        await taken_in(lab)
        assert wheel.pass_time(10 + 500 / 10 - 1) == 0
        await client.send(b"x" * 500)
        assert (await client.response()).status == 200


async def test_a_body_that_nobody_reads_is_not_blamed_on_the_client(wheel: HandWheel) -> None:
    """While the server itself does not read on, the client's time does not run out."""
    go_on = asyncio.Event()

    async def handler(exchange: Exchange) -> None:
        if exchange.method == "POST":
            await go_on.wait()
            exchange.respond(200, b"%d" % len(await exchange.body()))
        else:
            exchange.respond(200, b"")

    async with serving(handler, LIMITS, wheel=wheel) as lab, await RawClient.connect(lab.url) as client:
        size = 8_000_000
        sending = asyncio.create_task(
            client.send(b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: %d\r\n\r\n" % size + b"x" * size)
        )
        await taken_in(lab)
        for _ in range(5):
            wheel.pass_time(1_000_000)
        go_on.set()
        assert (await client.response(timeout_s=PATIENCE_S)).body == b"%d" % size
        await sending


async def test_an_idle_connection_is_closed() -> None:
    """After an answer the client has `keep_alive_s` to ask again, empty lines or not."""
    limits = ConnectionLimits(keep_alive_s=0.1)
    async with serving(Echo(), limits) as lab:
        for afterwards in (b"", b"\r\n"):
            async with await RawClient.connect(lab.url) as client:
                await client.send(GET)
                assert (await client.response()).status == 200
                await client.send(afterwards)
                assert await client.closed(timeout_s=PATIENCE_S) == "closed"


async def test_a_connection_in_use_is_not_idle() -> None:
    """However short the time between requests may be, an answer may take longer, and so may a stream's pause."""
    limits = ConnectionLimits(keep_alive_s=0.05, header_timeout_s=0.05, body_timeout_s=0.05)
    loop = asyncio.get_running_loop()

    async def handler(exchange: Exchange) -> None:
        exchange.start(200)
        exchange.write(b"a")
        until = loop.create_future()
        loop.call_later(0.3, until.set_result, None)
        await until
        exchange.finish(b"b")

    async with serving(handler, limits) as lab, await RawClient.connect(lab.url) as client:
        await client.send(GET)
        first = await client.response(timeout_s=PATIENCE_S)
        assert (first.body, first.ending) == (b"ab", "whole")


@pytest.mark.parametrize("how", ["close", "reset", "half"])
async def test_a_client_that_leaves_cancels_its_handler(how: str) -> None:
    """Whoever works for it is told at once, and nothing is written to nobody."""
    begun, cancelled = asyncio.Event(), asyncio.Event()

    async def handler(exchange: Exchange) -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            assert exchange.gone
            cancelled.set()
            raise

    async with serving(handler) as lab:
        client = await RawClient.connect(lab.url)
        await client.send(GET)
        await begun.wait()
        if how == "reset":
            client.reset()
        elif how == "half":
            client._writer.write_eof()
        else:
            client.close()
        async with asyncio.timeout(PATIENCE_S):
            await cancelled.wait()
        client.close()


async def test_a_client_that_leaves_in_its_body_is_gone() -> None:
    """The handler that waits for the body sees ClientGone."""
    gone = asyncio.Event()

    async def handler(exchange: Exchange) -> None:
        try:
            await exchange.body()
        except ClientGone:
            gone.set()

    async with serving(handler) as lab:
        client = await RawClient.connect(lab.url)
        await client.send(b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 10\r\n\r\nhel")
        await taken_in_by_nobody(lab)
        client.close()
        async with asyncio.timeout(PATIENCE_S):
            await gone.wait()


async def taken_in_by_nobody(lab: Lab) -> None:
    """A round trip that needs no handler: a refusal."""
    assert statuses(await lab.told(b"no\r\n\r\n")) == [400]


async def test_requests_that_wait_are_never_served_once_the_client_left() -> None:
    """What was sent ahead by a client that is gone costs nothing."""
    begun = asyncio.Event()
    served = 0

    async def handler(exchange: Exchange) -> None:
        nonlocal served
        served += 1
        begun.set()
        await asyncio.Event().wait()

    async with serving(handler) as lab:
        client = await RawClient.connect(lab.url)
        await client.send(GET * 5)
        await begun.wait()
        client.close()
        await taken_in_by_nobody(lab)
        async with asyncio.timeout(PATIENCE_S):
            while lab.server._connections:
                await taken_in_by_nobody(lab)
    assert served == 1


@contextlib.asynccontextmanager
async def slow_reader(lab: Lab) -> AsyncIterator[socket.socket]:
    """A client with next to no room for what it does not read."""
    with socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        client.setblocking(False)
        await asyncio.get_running_loop().sock_connect(client, ("127.0.0.1", lab.port))
        yield client


async def test_a_slow_reader_is_waited_for_then_cut() -> None:
    """A handler that looks at what `write` says stops; a client that does not read on loses its connection."""
    written, ended = 0, asyncio.Event()

    async def handler(exchange: Exchange) -> None:
        nonlocal written
        exchange.start(200)
        try:
            while written < 100_000_000:
                written += 10_000
                if not exchange.write(b"x" * 10_000):
                    await exchange.drain()
        finally:
            ended.set()

    limits = ConnectionLimits(write_timeout_s=0.2)
    async with serving(handler, limits, send_buffer_bytes=4096) as lab, slow_reader(lab) as client:
        await asyncio.get_running_loop().sock_sendall(client, GET)
        async with asyncio.timeout(PATIENCE_S):
            await ended.wait()
        assert written < 1_000_000


async def test_a_slow_reader_that_reads_on_gets_everything(wheel: HandWheel) -> None:
    """What is held back goes out as the client reads, and the time to read begins anew."""
    pieces = 200

    async def handler(exchange: Exchange) -> None:
        exchange.start(200)
        for _ in range(pieces):
            if not exchange.write(b"~" * 10_000):
                await exchange.drain()
        exchange.finish()

    async with serving(handler, wheel=wheel, send_buffer_bytes=4096) as lab, slow_reader(lab) as client:
        loop = asyncio.get_running_loop()
        await loop.sock_sendall(client, GET)
        got = 0
        async with asyncio.timeout(PATIENCE_S):
            while got < pieces * 10_000:
                got += (await loop.sock_recv(client, 50_000)).count(b"~")
        assert got == pieces * 10_000


@pytest.mark.parametrize("asked", [GET, GET[:-2] + b"connection: close\r\n\r\n"])
async def test_a_small_answer_that_is_not_read_is_not_kept_for_ever(asked: bytes) -> None:
    """A connection that is closing has as long to be read as any other, then it ends."""
    limits = ConnectionLimits(keep_alive_s=0.1, write_timeout_s=0.1)

    async def handler(exchange: Exchange) -> None:
        exchange.respond(200, b"x" * 40_000)

    async with serving(handler, limits, send_buffer_bytes=4096) as lab, slow_reader(lab) as client:
        await asyncio.get_running_loop().sock_sendall(client, asked)
        await taken_in_by_nobody(lab)
        async with asyncio.timeout(PATIENCE_S):
            while lab.server._connections:
                await taken_in_by_nobody(lab)
