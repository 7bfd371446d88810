"""The HTTP client for engines, against an origin that does whatever an origin may do."""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path

import pytest
import trustme

from antiphon.http.client import Pool
from antiphon.http.origin import Broken, ClientLimits, ConnectFailed, Origin
from tests.unit.http.asking import ask, headed, rest
from tests.unit.http.origin import OK, Visit, each_time, for_ever, running

CLOSED = b"HTTP/1.1 200 OK\r\n\r\nall of it"
CHUNKED_HEAD = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"


async def test_the_request_is_sent_as_written() -> None:
    """Request line, host, headers, length and body go out in this form, with the origin's prefix."""
    got: list[bytes] = []

    async def script(visit: Visit) -> None:
        got.append(await visit.request())
        await visit.say(OK)

    async with running(script) as origin:
        pool = Pool(Origin.parse(origin.url + "/prefix"))
        await pool.request("POST", "/v1/x", headers=(("authorization", "Bearer k"),), body=b"{}")
        pool.close()
    host = origin.url.removeprefix("http://").encode()
    assert got == [
        b"POST /prefix/v1/x HTTP/1.1\r\nhost: " + host + b"\r\naccept-encoding: identity\r\nuser-agent: antiphon\r\n"
        b"authorization: Bearer k\r\ncontent-length: 2\r\n\r\n{}"
    ]


async def test_a_connection_is_used_again() -> None:
    """Requests one after the other share one connection."""
    async with running(for_ever()) as origin:
        pool = Pool(Origin.parse(origin.url))
        assert [await ask(pool) for _ in range(5)] == [(200, b"ok")] * 5
        assert origin.visits == 1
        pool.close()


async def test_an_idle_connection_is_not_kept_for_long() -> None:
    """After `idle_s` a connection is dropped, not used."""
    async with running(for_ever()) as origin:
        pool = Pool(Origin.parse(origin.url), limits=ClientLimits(idle_s=0.0))
        for _ in range(3):
            await ask(pool)
        assert origin.visits == 3
        pool.close()


async def test_a_stale_connection_is_replaced_unseen() -> None:
    """A kept-alive connection that ends without a byte of the answer costs the caller nothing."""

    async def script(visit: Visit) -> None:
        await visit.request()
        await visit.say(OK)
        if visit.number > 1:
            await visit.until_closed()
        await visit.request()

    async with running(script) as origin:
        pool = Pool(Origin.parse(origin.url))
        assert await ask(pool) == (200, b"ok")
        assert await ask(pool) == (200, b"ok")
        assert origin.visits == 2
        pool.close()


async def test_a_stale_connection_is_replaced_once() -> None:
    """When the fresh connection ends without an answer too, the exchange is broken."""

    async def script(visit: Visit) -> None:
        if visit.number == 1:
            await visit.request()
            await visit.say(OK)
        await visit.request()

    async with running(script) as origin:
        pool = Pool(Origin.parse(origin.url))
        await ask(pool)
        with pytest.raises(Broken):
            await ask(pool)
        assert origin.visits == 2
        pool.close()


@pytest.mark.parametrize("whole", [True, False])
async def test_a_request_that_was_sent_is_never_called_unsent(*, whole: bool) -> None:
    """An origin that dies of a request on a kept-alive connection has had it, though no other connection is made."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(OK)
        await reader.readuntil(b"\r\n\r\n")
        server.close()
        writer.transport.abort()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    pool = Pool(Origin("127.0.0.1", server.sockets[0].getsockname()[1]))
    assert (await pool.request("GET", "/")).status == 200
    with pytest.raises(Broken, match="closed before an answer came"):
        if whole:
            await pool.request("GET", "/")
        else:
            await (await pool.send("GET", "/")).head()
    pool.close()


async def test_a_request_is_not_repeated_once_an_answer_began() -> None:
    """A kept-alive connection that breaks within the answer is an error: the engine has seen the request."""
    async with running(each_time(OK, b"HTTP/1.1 200")) as origin:
        pool = Pool(Origin.parse(origin.url))
        await ask(pool)
        with pytest.raises(Broken):
            await ask(pool)
        assert origin.visits == 1
        pool.close()


async def test_a_first_request_is_not_repeated() -> None:
    """On a fresh connection an end without an answer is an error at once."""
    async with running(each_time()) as origin:
        pool = Pool(Origin.parse(origin.url))
        with pytest.raises(Broken):
            await ask(pool)
        assert origin.visits == 1


async def test_connection_close_is_obeyed() -> None:
    """An answer that says `connection: close` is not followed by another request on that connection."""
    answer = b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\nok"
    async with running(for_ever(answer)) as origin:
        pool = Pool(Origin.parse(origin.url))
        await ask(pool)
        await ask(pool)
        assert origin.visits == 2
        pool.close()


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nshort", id="length"),
        pytest.param(CHUNKED_HEAD + b"5\r\nhel", id="chunk"),
        pytest.param(CHUNKED_HEAD + b"5\r\nhello\r\n", id="no last chunk"),
        pytest.param(b"HTTP/1.1 200 OK\r\ncontent-le", id="head"),
        pytest.param(b"<html>no</html>", id="not HTTP"),
        pytest.param(b"HTTP/1.1 200 OK\r\ncontent-length: ten\r\n\r\n", id="bad length"),
        pytest.param(CHUNKED_HEAD + b"zz\r\nhello\r\n0\r\n\r\n", id="bad chunk"),
        pytest.param(b"HTTP/1.1 200 OK\r\nx: " + b"y" * 600_000 + b"\r\n\r\n", id="large header"),
        pytest.param(b"HTTP/1.1 200 OK\r\n" + b"x: y\r\n" * 100_000 + b"\r\n", id="many headers"),
    ],
)
async def test_a_broken_answer_is_broken(answer: bytes) -> None:
    """Cut, senseless and oversized answers raise Broken, asked for whole or in pieces."""
    async with running(each_time(answer)) as origin:
        pool = Pool(Origin.parse(origin.url))
        with pytest.raises(Broken):
            await ask(pool)
        streamed = await pool.send("GET", "/")
        with pytest.raises(Broken):
            await headed(streamed)
            await rest(streamed)
        streamed.close()
        pool.close()


async def test_a_broken_answer_still_gives_what_came() -> None:
    """In pieces, what arrived before the break is handed on first."""
    async with running(each_time(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nshort")) as origin:
        pool = Pool(Origin.parse(origin.url))
        answer = await pool.send("GET", "/")
        await headed(answer)
        assert await answer.read_some() == b"short"
        with pytest.raises(Broken):
            await answer.read_some()
        answer.close()


@pytest.mark.parametrize("answer", [CLOSED, b"HTTP/1.0 200 OK\r\n\r\nall of it"])
async def test_an_answer_may_end_with_its_connection(answer: bytes) -> None:
    """Without a length, in HTTP/1.0 or 1.1, the body ends where the connection does; it is not used again."""
    async with running(each_time(answer)) as origin:
        pool = Pool(Origin.parse(origin.url))
        assert await ask(pool) == (200, b"all of it")
        streamed = await pool.send("GET", "/")
        await headed(streamed)
        assert await rest(streamed) == b"all of it"
        streamed.close()
        assert origin.visits == 2


@pytest.mark.parametrize(
    "interim",
    [
        b"HTTP/1.1 100 Continue\r\n\r\n",
        b"HTTP/1.1 103 Early Hints\r\nlink: </x>\r\ncontent-length: 7\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n",
    ],
)
async def test_interim_answers_are_passed_over(interim: bytes) -> None:
    """1xx answers are not the answer, and leave none of their headers in it."""
    async with running(for_ever(interim + OK)) as origin:
        pool = Pool(Origin.parse(origin.url))
        for _ in range(2):
            answer = await pool.request("GET", "/")
            assert answer.status == 200
            assert answer.headers == {b"content-length": b"2"}
            assert answer.body == b"ok"
        pool.close()


async def test_header_names_are_in_lower_case() -> None:
    """Headers are found by their lower-case name."""
    async with running(for_ever(b"HTTP/1.1 204 No Content\r\nRetry-After: 3\r\n\r\n")) as origin:
        pool = Pool(Origin.parse(origin.url))
        answer = await pool.request("GET", "/")
        assert (answer.status, answer.headers) == (204, {b"retry-after": b"3"})
        pool.close()


async def test_a_whole_answer_is_bounded() -> None:
    """Asked for whole, an answer beyond `body_bytes_max` is broken off."""
    async with running(for_ever(b"HTTP/1.1 200 OK\r\ncontent-length: 5000000\r\n\r\n" + b"x" * 5_000_000)) as origin:
        pool = Pool(Origin.parse(origin.url), limits=ClientLimits(body_bytes_max=100_000))
        with pytest.raises(Broken, match="100000"):
            await ask(pool)
        pool.close()


async def test_reading_is_bounded() -> None:
    """`read` refuses a body beyond its own bound."""
    async with running(for_ever(CHUNKED_HEAD + b"3e8\r\n" + b"x" * 1000 + b"\r\n0\r\n\r\n")) as origin:
        pool = Pool(Origin.parse(origin.url))
        answer = await pool.send("GET", "/")
        await headed(answer)
        with pytest.raises(Broken, match="larger than 999"):
            await answer.read(bytes_max=999)
        answer.close()
        pool.close()


async def test_two_answers_at_once_are_not_mixed() -> None:
    """An answer nobody asked for is neither body of the first nor answer to the next request."""
    surplus = b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nEVIL"
    async with running(for_ever(OK + surplus)) as origin:
        pool = Pool(Origin.parse(origin.url))
        for _ in range(3):
            try:
                assert await ask(pool) == (200, b"ok")
            except Broken:
                continue
        pool.close()


async def test_bytes_on_an_idle_connection_end_it() -> None:
    """What comes while nothing is asked is never taken for the next answer."""
    said = asyncio.Event()

    async def script(visit: Visit) -> None:
        await visit.request()
        await visit.say(OK)
        if visit.number == 1:
            await visit.say(b"HTTP/1.1 408 Request Timeout\r\ncontent-length: 0\r\n\r\n")
            said.set()
        await visit.until_closed()

    async with running(script) as origin:
        pool = Pool(Origin.parse(origin.url))
        assert await ask(pool) == (200, b"ok")
        await said.wait()
        assert await ask(pool) == (200, b"ok")
        pool.close()


async def test_connections_are_bounded() -> None:
    """`connections_max` holds for requests that begin together: the surplus fails, and a slot that is free is used."""
    go_on = asyncio.Event()

    async def script(visit: Visit) -> None:
        while await visit.request():
            await go_on.wait()
            await visit.say(OK)

    async with running(script) as origin:
        pool = Pool(Origin.parse(origin.url), limits=ClientLimits(connections_max=3))
        asked = [asyncio.create_task(ask(pool)) for _ in range(8)]
        done, waiting = await asyncio.wait(asked, timeout=5, return_when=asyncio.FIRST_EXCEPTION)
        while len(done) < 5:
            more, waiting = await asyncio.wait(waiting, timeout=5, return_when=asyncio.FIRST_COMPLETED)
            assert more
            done |= more
        assert all(isinstance(task.exception(), ConnectFailed) for task in done)
        go_on.set()
        assert {await task for task in waiting} == {(200, b"ok")}
        assert origin.visits == 3
        assert await ask(pool) == (200, b"ok")
        pool.close()


async def test_a_pool_forgets_what_it_closed() -> None:
    """After `close` the next request makes a connection of its own."""
    async with running(for_ever()) as origin:
        pool = Pool(Origin.parse(origin.url))
        await ask(pool)
        pool.close()
        assert await ask(pool) == (200, b"ok")
        assert origin.visits == 2
        pool.close()


async def test_over_a_unix_socket(tmp_path: Path) -> None:
    """A unix socket serves as well as a port; a missing one is ConnectFailed."""
    path = tmp_path / "engine.sock"
    async with running(for_ever(), path=path) as origin:
        pool = Pool(Origin.parse(origin.url))
        assert await ask(pool) == (200, b"ok")
        pool.close()
    nobody = Pool(Origin.parse(f"unix:{tmp_path / 'missing'}"))
    with pytest.raises(ConnectFailed):
        await ask(nobody)


async def test_over_tls() -> None:
    """A trusted certificate is taken and its connection kept; an untrusted one is ConnectFailed."""
    authority = trustme.CA()
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(server)
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)
    async with running(for_ever(), tls=server) as origin:
        pool = Pool(Origin.parse(origin.url), tls=trusting)
        assert await ask(pool) == (200, b"ok")
        assert await ask(pool) == (200, b"ok")
        assert origin.visits == 1
        pool.close()
        with pytest.raises(ConnectFailed):
            await ask(Pool(Origin.parse(origin.url)))
