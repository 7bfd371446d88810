"""One connection of a client: what it may send, in which pieces, and what it is answered."""

from __future__ import annotations

import asyncio
import random

import pytest

from antiphon.http.connection import PIPELINE_MAX, ClientConnection, ConnectionLimits
from antiphon.http.exchange import Exchange
from antiphon.testing.raw_client import RawClient
from tests.unit.http.serving import PATIENCE_S, Echo, serving, statuses

LAST = b"GET /last HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n"
OFFER = b"host: a\r\nupgrade: h2c\r\nconnection: Upgrade, HTTP2-Settings\r\nhttp2-settings: AAMAAABk\r\n"


def post(body: bytes, *headers: bytes) -> bytes:
    """A request with a body of declared length."""
    lines = (b"POST / HTTP/1.1", b"host: a", *headers, b"content-length: %d" % len(body))
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


async def test_a_connection_serves_many_requests() -> None:
    """One after the other, bodies kept apart, until the client wants no more."""
    echo = Echo()
    async with serving(echo) as lab, await RawClient.connect(lab.url) as client:
        for word in (b"one", b"two", b""):
            await client.send(post(word))
            assert (await client.response()).body == word
        await client.send(LAST)
        assert (await client.response()).headers["connection"] == "close"
        assert await client.closed() == "closed"
    assert echo.bodies == [b"one", b"two", b"", b""]


async def test_requests_sent_ahead_are_answered_in_order() -> None:
    """Pipelined requests are served one at a time, whatever each takes."""
    running = 0
    most = 0

    async def handler(exchange: Exchange) -> None:
        nonlocal running, most
        running += 1
        most = max(most, running)
        for _ in range(int(exchange.query)):
            await asyncio.sleep(0)
        running -= 1
        exchange.respond(200, exchange.path.encode())

    async with serving(handler) as lab:
        ahead = b"".join(b"GET /%d?%d HTTP/1.1\r\nhost: a\r\n\r\n" % (i, 9 - i) for i in range(9))
        said = await lab.told(ahead + LAST.replace(b"/last", b"/last?0"))
    assert [part[-2:] for part in said.split(b"HTTP/1.1 200 OK")[1:]] == [b"/%d" % i for i in range(9)] + [b"st"]
    assert most == 1


async def test_requests_sent_ahead_are_bounded() -> None:
    """More than 32 at once are no way to talk to a server."""
    async with serving(Echo()) as lab:
        assert statuses(await lab.told(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n" * (PIPELINE_MAX - 1) + LAST)) == [200] * 32
        assert 400 in statuses(await lab.told(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n" * (PIPELINE_MAX + 2)))


async def test_while_one_is_served_not_much_is_read_ahead() -> None:
    """A client that goes on sending is held back by the connection itself."""
    go_on = asyncio.Event()

    async def handler(exchange: Exchange) -> None:
        await go_on.wait()
        exchange.respond(200, b"%d" % len(await exchange.body()))

    async with serving(handler) as lab:
        _, writer = await lab.connect()
        big = post(b"x" * 1_000_000)
        sent = 0
        with pytest.raises(TimeoutError):
            while sent < 200:
                writer.write(big)
                sent += 1
                await asyncio.wait_for(writer.drain(), 0.5)
        assert sent < 50
        writer.transport.abort()
        go_on.set()


async def test_any_cut_gives_the_same_requests() -> None:
    """However the network cuts them, the same requests arrive and the same bytes go back."""
    seed = random.randrange(1 << 32)
    print("seed", seed)
    draw = random.Random(seed)
    chunked = (
        b"POST /c HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n3;x=1\r\nabc\r\n2\r\nde\r\n0\r\nt: 1\r\n\r\n"
    )
    data = post(b"hello") + chunked + b"\r\nPOST /u HTTP/1.1\r\n" + OFFER + b"content-length: 2\r\n\r\nhi" + LAST
    for _ in range(150):
        cuts = sorted(draw.randrange(len(data)) for _ in range(draw.randrange(12)))
        pieces = [data[start:end] for start, end in zip([0, *cuts], [*cuts, len(data)], strict=True)]
        echo = Echo()
        async with serving(echo) as lab:
            transport = FakeTransport()
            connection = ClientConnection(lab.server, asyncio.get_running_loop())
            connection.connection_made(transport)
            for piece in pieces:
                connection.data_received(piece)
            async with asyncio.timeout(PATIENCE_S):
                await transport.closed.wait()
            connection.connection_lost(None)
        assert echo.bodies == [b"hello", b"abcde", b"hi", b""], pieces
        assert [exchange.path for exchange in echo.seen] == ["/", "/c", "/u", "/last"]
        assert statuses(transport.sent) == [200] * 4


class FakeTransport(asyncio.Transport):
    """Keeps what is written."""

    def __init__(self) -> None:
        super().__init__()
        self.sent = b""
        self.closed = asyncio.Event()

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Keep it."""
        self.sent += bytes(data)

    def close(self) -> None:
        """Tell the test."""
        self.closed.set()

    def abort(self) -> None:
        """Tell the test."""
        self.closed.set()

    def get_write_buffer_size(self) -> int:
        """The client reads everything at once."""
        return 0

    def pause_reading(self) -> None:
        """The test gives what it wants to give."""

    def resume_reading(self) -> None:
        """The test gives what it wants to give."""


async def test_the_address_is_read() -> None:
    """The path is decoded once, the query left as it came, an absolute address taken as it is sent."""
    echo = Echo()
    async with serving(echo) as lab:
        for target in (b"/v1/models/a%2Fb%20c?x=%20&y", b"/%2561", b"/caf%C3%A9", b"/?"):
            await lab.told(b"GET " + target + b" HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n")
    assert [(exchange.path, exchange.query) for exchange in echo.seen] == [
        ("/v1/models/a/b c", "x=%20&y"),
        ("/%61", ""),
        ("/café", ""),
        ("/", ""),
    ]


async def test_headers_are_collected() -> None:
    """Names in lower case, repeated ones joined, trailers left out."""
    echo = Echo()
    async with serving(echo) as lab:
        await lab.told(
            b"POST / HTTP/1.1\r\nHost: a\r\nX-A: 1\r\nx-a: 2\r\nConnection: close\r\ntransfer-encoding: chunked\r\n\r\n"
            b"1\r\nb\r\n0\r\nauthorization: Bearer stolen\r\n\r\n"
        )
    (exchange,) = echo.seen
    assert exchange.header(b"x-a") == "1, 2"
    assert b"authorization" not in exchange.headers
    assert echo.bodies == [b"b"]


async def test_the_old_version_is_spoken() -> None:
    """HTTP/1.0 closes after the answer unless it was asked to stay."""
    async with serving(Echo()) as lab:
        said = await lab.told(b"GET / HTTP/1.0\r\n\r\n")
        assert statuses(said) == [200]
        async with await RawClient.connect(lab.url) as client:
            for _ in range(2):
                await client.send(b"GET / HTTP/1.0\r\nconnection: keep-alive\r\n\r\n")
                assert (await client.response()).headers["connection"] == "keep-alive"


async def test_head_has_no_body() -> None:
    """What follows on the connection is the next answer."""

    async def handler(exchange: Exchange) -> None:
        exchange.respond(200, b"body")

    async with serving(handler) as lab:
        said = await lab.told(b"HEAD / HTTP/1.1\r\nhost: a\r\n\r\n" + LAST)
        assert statuses(said) == [200, 200]
        assert said.count(b"content-length: 4") == 2
        assert said.count(b"body") == 1


async def test_a_client_may_ask_before_it_sends() -> None:
    """`100-continue` is told when the body is wanted, and not when the answer is no."""
    async with serving(Echo(), ConnectionLimits(body_bytes_max=100)) as lab:
        reader, writer = await lab.connect()
        writer.write(b"POST / HTTP/1.1\r\nhost: a\r\nexpect: 100-continue\r\ncontent-length: 4\r\n\r\n")
        async with asyncio.timeout(PATIENCE_S):
            assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
            writer.write(b"four")
            assert (await reader.readuntil(b"four")).startswith(b"HTTP/1.1 200")
        writer.close()
        refused = await lab.told(b"POST / HTTP/1.1\r\nhost: a\r\nexpect: 100-continue\r\ncontent-length: 101\r\n\r\n")
        assert statuses(refused) == [413]


@pytest.mark.parametrize("chunked", [False, True])
async def test_a_body_that_is_too_large_is_answered_while_it_comes(chunked: bool) -> None:
    """A client that sends all of it before it reads still sees the 413, and no reset before that."""
    async with serving(Echo(), ConnectionLimits(body_bytes_max=10_000)) as lab:
        async with await RawClient.connect(lab.url) as client:
            if chunked:
                await client.send(b"POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n")
                for _ in range(40):
                    await client.send(b"10000\r\n" + b"x" * 65536 + b"\r\n")
            else:
                await client.send(post(b"x" * 4_000_000))
            answer = await client.response(timeout_s=PATIENCE_S)
        assert (answer.status, answer.ending, answer.headers["connection"]) == (413, "whole", "close")


async def test_an_answer_before_the_body_is_seen() -> None:
    """A refusal that needs no body reaches the client that is still sending, and ends the connection."""

    async def handler(exchange: Exchange) -> None:
        exchange.respond(401, b"no")

    async with serving(handler) as lab, await RawClient.connect(lab.url) as client:
        await client.send(post(b"x" * 3_000_000))
        assert (await client.response(timeout_s=PATIENCE_S)).status == 401
        assert await client.closed(timeout_s=PATIENCE_S) in ("closed", "reset")


@pytest.mark.parametrize(
    "head",
    [
        pytest.param(b"GET / HTTP/1.1\r\nhost: a\r\nx: " + b"y" * 5_000 + b"\r\n\r\n", id="one header"),
        pytest.param(
            b"GET / HTTP/1.1\r\nhost: a\r\n" + b"".join(b"x%d: y\r\n" % i for i in range(1_000)) + b"\r\n",
            id="many headers",
        ),
        pytest.param(b"GET /" + b"x" * 5_000 + b" HTTP/1.1\r\nhost: a\r\n\r\n", id="address"),
        pytest.param(b"GET / HTTP/1.1\r\nhost: a\r\nx: " + b"y" * 500_000, id="endless"),
    ],
)
async def test_a_head_is_bounded(head: bytes) -> None:
    """Too many bytes before the body are answered with 431, when they come at once and when they trickle."""
    echo = Echo()
    async with serving(echo, ConnectionLimits(header_bytes_max=4_000)) as lab:
        assert statuses(await lab.told(head)) == [431]
        async with await RawClient.connect(lab.url) as client:
            for start in range(0, len(head), 3_000):
                await client.send(head[start : start + 3_000])
            assert (await client.response()).status == 431
    assert echo.seen == []


async def test_a_large_body_does_not_count_as_head() -> None:
    """A small head is fine however much comes with it."""
    async with (
        serving(Echo(), ConnectionLimits(header_bytes_max=200)) as lab,
        await RawClient.connect(lab.url) as client,
    ):
        for _ in range(2):
            await client.send(post(b"x" * 100_000))
            assert len((await client.response()).body) == 100_000


POST = b"POST / HTTP/1.1\r\nhost: a\r\n"

REFUSED = {
    "length and chunks": POST + b"content-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
    "chunks and length": POST + b"transfer-encoding: chunked\r\ncontent-length: 5\r\n\r\n0\r\n\r\n",
    "two lengths": POST + b"content-length: 5\r\ncontent-length: 5\r\n\r\nhello",
    "lengths that differ": POST + b"content-length: 5, 6\r\n\r\nhello",
    "signed length": POST + b"content-length: +5\r\n\r\nhello",
    "negative length": POST + b"content-length: -5\r\n\r\nhello",
    "length beyond numbers": POST + b"content-length: 99999999999999999999\r\n\r\nhello",
    "unknown encoding": POST + b"transfer-encoding: xchunked\r\n\r\n0\r\n\r\n",
    "chunks not last": POST + b"transfer-encoding: chunked, gzip\r\n\r\n0\r\n\r\n",
    "chunk length": POST + b"transfer-encoding: chunked\r\n\r\n5\r\nhelloX\r\n0\r\n\r\n",
    "negative chunk": POST + b"transfer-encoding: chunked\r\n\r\n-5\r\nhello\r\n0\r\n\r\n",
    "chunk beyond numbers": POST + b"transfer-encoding: chunked\r\n\r\n11111111111111111\r\n",
    "bare line feed in chunks": POST + b"transfer-encoding: chunked\r\n\r\n5\nhello\r\n0\r\n\r\n",
    "bare line feeds": b"GET / HTTP/1.1\nhost: a\n\n",
    "space before the colon": b"GET / HTTP/1.1\r\nhost : a\r\n\r\n",
    "folded header": b"GET / HTTP/1.1\r\nhost: a\r\n folded\r\n\r\n",
    "NUL": b"GET / HTTP/1.1\r\nhost: a\x00b\r\n\r\n",
    "carriage return": b"GET / HTTP/1.1\r\nhost: a\rx: b\r\n\r\n",
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "words": b"hello, is anybody there?\r\n\r\n",
}


@pytest.mark.parametrize("data", REFUSED.values(), ids=REFUSED)
async def test_what_is_no_request_is_refused(data: bytes) -> None:
    """A framing that two servers might read differently, and what is no HTTP at all, is 400 and the end."""
    echo = Echo()
    async with serving(echo) as lab:
        said = await lab.told(data + LAST)
    assert statuses(said) == [400]
    assert b"connection: close\r\n" in said
    assert b"x-request-id: req_" in said
    assert b"/last" not in b"".join(exchange.path.encode() for exchange in echo.seen)
    assert echo.bodies == []


async def test_an_offer_of_another_protocol_is_passed_over() -> None:
    """The request is served in HTTP/1.1, body and all, and the connection goes on."""
    echo = Echo()
    async with serving(echo) as lab:
        offers = b"GET /g HTTP/1.1\r\n" + OFFER + b"\r\n"
        offers += b"POST /p HTTP/1.1\r\n" + OFFER + b"content-length: 5\r\n\r\nhello"
        offers += b"POST /c HTTP/1.1\r\n" + OFFER + b"transfer-encoding: chunked\r\n\r\n5\r\nworld\r\n0\r\n\r\n"
        said = await lab.told(offers + LAST)
    assert statuses(said) == [200] * 4
    assert [exchange.path for exchange in echo.seen] == ["/g", "/p", "/c", "/last"]
    assert echo.bodies == [b"", b"hello", b"world", b""]


async def test_an_offer_may_end_the_connection() -> None:
    """`connection: close` counts beside the offer too."""
    async with serving(Echo()) as lab:
        assert statuses(
            await lab.told(b"GET / HTTP/1.1\r\nhost: a\r\nupgrade: h2c\r\nconnection: Upgrade, close\r\n\r\n")
        ) == [200]


async def test_many_offers_at_once_are_bounded() -> None:
    """They count like other requests sent ahead."""
    async with serving(Echo()) as lab:
        assert 400 in statuses(await lab.told((b"GET / HTTP/1.1\r\n" + OFFER + b"\r\n") * 300))


async def test_this_is_no_proxy() -> None:
    """CONNECT is refused before anything is served."""
    echo = Echo()
    async with serving(echo) as lab:
        said = await lab.told(b"CONNECT example.com:443 HTTP/1.1\r\nhost: example.com:443\r\n\r\n")
    assert statuses(said) == [405]
    assert echo.seen == []
