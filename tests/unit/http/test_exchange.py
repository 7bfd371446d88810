"""One exchange by itself: which bytes a handler's answers become, and how the body of a request is had."""

from __future__ import annotations

import asyncio

import pytest

from antiphon.errors import AntiphonError, BadRequest, BodyTimeout, BodyTooLarge, PermissionDenied, UnsupportedMedia
from antiphon.http.exchange import EVENT_STREAM, JSON, ClientGone, Exchange, require_admin, require_key
from antiphon.key import ADMIN, Key
from tests.unit.http.recording import RecordingWire, exchange_of

DATE = b"date: Sat, 21 Nov 2026 12:00:00 GMT\r\n"


def arriving(headers: dict[bytes, bytes] | None = None) -> tuple[Exchange, RecordingWire]:
    """An exchange whose body is still on its way."""
    exchange, wire = exchange_of("POST", "/", headers)
    exchange.complete = False
    return exchange, wire


def test_a_whole_response() -> None:
    """Status line, date, request id, headers, length and body, in one write."""
    exchange, wire = exchange_of("GET", "/")
    exchange.request_id = "req_1"
    exchange.respond(200, b"{}", JSON, (b"x-a", b"1"))
    assert wire.sent == (
        b"HTTP/1.1 200 OK\r\n" + DATE + b"x-request-id: req_1\r\ncontent-type: application/json\r\nx-a: 1\r\n"
        b"content-length: 2\r\n\r\n{}"
    )
    assert (exchange.status, exchange.responded, wire.ends) == (200, True, 1)


def test_headers_of_every_response_come_last() -> None:
    """What was set to go with whatever response there will be goes with it."""
    exchange, wire = exchange_of("GET", "/")
    exchange.always = b"vary: origin\r\n"
    exchange.respond(404, b"", (b"x-a", b"1"))
    assert list(wire.headers)[-3:] == ["x-a", "vary", "content-length"]


def test_head_gets_the_head_alone() -> None:
    """The length is the one of the body that GET would bring."""
    exchange, wire = exchange_of("HEAD", "/")
    exchange.respond(200, b"four")
    assert (wire.headers["content-length"], wire.body) == ("4", b"")


def test_no_content_has_no_length() -> None:
    """204 says nothing of a body."""
    exchange, wire = exchange_of("OPTIONS", "/")
    exchange.respond(204, b"")
    assert "content-length" not in wire.headers


@pytest.mark.parametrize(
    ("keep_alive", "http_10", "shown"),
    [(True, False, None), (False, False, "close"), (True, True, "keep-alive"), (False, True, "close")],
)
def test_the_connection_s_fate_is_told(keep_alive: bool, http_10: bool, shown: str | None) -> None:
    """Each version of HTTP is told what it would not expect by itself."""
    exchange, wire = exchange_of("GET", "/")
    exchange.keep_alive, exchange.http_10 = keep_alive, http_10
    exchange.respond(200, b"")
    assert wire.headers.get("connection") == shown


def test_an_answer_before_the_request_is_whole_ends_the_connection() -> None:
    """What is left of the request is not worth reading."""
    exchange, wire = arriving()
    exchange.respond(401, b"")
    assert wire.headers["connection"] == "close"
    assert not exchange.keep_alive


def test_a_response_in_pieces() -> None:
    """Each piece is a chunk of its own, an empty one is none, the last one carries the end."""
    exchange, wire = exchange_of("POST", "/")
    exchange.start(200, *EVENT_STREAM)
    exchange.write(b"first")
    exchange.write(b"")
    exchange.write(b"x" * 17)
    assert not exchange.responded
    exchange.finish(b"last")
    assert wire.headers["transfer-encoding"] == "chunked"
    assert "content-length" not in wire.headers
    assert wire.body == b"5\r\nfirst\r\n11\r\n" + b"x" * 17 + b"\r\n4\r\nlast\r\n0\r\n\r\n"
    assert (exchange.responded, wire.ends) == (True, 1)


def test_a_response_in_pieces_may_end_without_one() -> None:
    """`finish` alone sends the mark of the end."""
    exchange, wire = exchange_of("POST", "/")
    exchange.start(200)
    exchange.finish()
    assert wire.body == b"0\r\n\r\n"


def test_the_old_version_knows_no_chunks() -> None:
    """In HTTP/1.0 the pieces go out as they are, and the connection's end is the body's."""
    exchange, wire = exchange_of("POST", "/")
    exchange.http_10 = True
    exchange.start(200)
    exchange.write(b"a")
    exchange.finish(b"b")
    assert wire.body == b"ab"
    assert wire.headers["connection"] == "close"
    assert not exchange.keep_alive


def test_a_response_that_is_broken_off_has_no_last_chunk() -> None:
    """The client sees that something is missing, and the connection is not used again."""
    exchange, wire = exchange_of("POST", "/")
    exchange.start(200)
    exchange.write(b"half")
    exchange.break_off()
    exchange.break_off()
    assert wire.body == b"4\r\nhalf\r\n"
    assert (exchange.keep_alive, wire.ends) == (False, 1)


def test_nothing_is_said_to_a_client_that_left() -> None:
    """Responses to nobody are dropped, but their status is kept for the log."""
    for whole in (True, False):
        exchange, wire = exchange_of("POST", "/")
        exchange.gone = True
        if whole:
            exchange.respond(200, b"{}")
        else:
            exchange.start(200)
            exchange.write(b"a")
            exchange.finish()
        assert (wire.sent, exchange.status, exchange.started) == (b"", 200, False)


def test_headers_are_found_by_name() -> None:
    """A missing header is empty, and every byte of another is a character."""
    exchange, _ = exchange_of("GET", "/", {b"accept": b"caf\xe9"})
    assert (exchange.header(b"accept"), exchange.header(b"host")) == ("café", "")


async def test_a_body_that_is_there() -> None:
    """The pieces that came are joined, and asking again gives the same."""
    exchange, wire = arriving()
    exchange.add(b"ab", 10)
    exchange.add(b"cd", 10)
    exchange.complete = True
    assert await exchange.body() == b"abcd"
    assert await exchange.body() == b"abcd"
    assert wire.resumed == 0


async def test_a_body_on_its_way_is_waited_for() -> None:
    """The connection is told to read on, and each wake looks again."""
    exchange, wire = arriving()
    body = asyncio.create_task(exchange.body())
    for piece in (b"a", b"b"):
        await asyncio.sleep(0)
        exchange.add(piece, 10)
        exchange.wake()
    await asyncio.sleep(0)
    assert not body.done()
    exchange.complete = True
    exchange.wake()
    assert await body == b"ab"
    assert wire.resumed > 0


async def test_a_client_that_waits_for_a_word_gets_it() -> None:
    """`Expect: 100-continue` is answered once, and only when the body is wanted."""
    exchange, wire = arriving()
    exchange.expects_continue = True
    assert wire.sent == b""
    body = asyncio.create_task(exchange.body())
    await asyncio.sleep(0)
    exchange.wake()
    await asyncio.sleep(0)
    assert wire.sent == b"HTTP/1.1 100 Continue\r\n\r\n"
    exchange.complete = True
    exchange.wake()
    assert await body == b""


@pytest.mark.parametrize(("flag", "error"), [("oversized", BodyTooLarge), ("late", BodyTimeout), ("gone", ClientGone)])
async def test_a_body_that_will_not_come(flag: str, error: type[Exception]) -> None:
    """What became of it is raised, at once or to whoever waits."""
    exchange, _ = arriving()
    setattr(exchange, flag, True)
    with pytest.raises(error):
        await exchange.body()
    waiting, _ = arriving()
    body = asyncio.create_task(waiting.body())
    await asyncio.sleep(0)
    setattr(waiting, flag, True)
    waiting.wake()
    with pytest.raises(error):
        await body


async def test_a_body_is_bounded_to_the_byte() -> None:
    """As many bytes as allowed are kept; one more, and nothing is."""
    for size, error in ((10, None), (11, BodyTooLarge)):
        exchange, _ = arriving()
        for _ in range(size):
            exchange.add(b"x", 10)
        exchange.complete = True
        if error is None:
            assert await exchange.body() == b"x" * 10
        else:
            with pytest.raises(error):
                await exchange.body()


@pytest.mark.parametrize("encoding", [b"gzip", b"br", b"identity, gzip", b""])
async def test_compressed_bodies_are_refused(encoding: bytes) -> None:
    """A body is read only as it is, and the refusal comes before its size counts."""
    exchange, _ = arriving({b"content-encoding": encoding})
    exchange.oversized = True
    with pytest.raises(UnsupportedMedia):
        await exchange.body()


async def test_identity_is_no_compression() -> None:
    """Naming the encoding that changes nothing is allowed, in any case."""
    exchange, _ = exchange_of("POST", "/", {b"content-encoding": b"Identity"})
    assert await exchange.body() == b""


def test_a_key_is_there_or_asked_for() -> None:
    """A handler of a route without a key cannot take one by mistake."""
    exchange, _ = exchange_of("GET", "/")
    with pytest.raises(AntiphonError) as refused:
        require_key(exchange)
    assert isinstance(refused.value, BadRequest)
    exchange.key = Key("alice")
    assert require_key(exchange).name == "alice"


def test_some_routes_take_an_admin() -> None:
    """A key that may only generate is refused where others' things are changed."""
    exchange, _ = exchange_of("POST", "/")
    exchange.key = Key("alice")
    with pytest.raises(PermissionDenied, match="admin"):
        require_admin(exchange)
    exchange.key = Key("root", scopes=ADMIN)
    assert require_admin(exchange).name == "root"


def test_a_body_that_became_no_good_answer() -> None:
    """Its last piece is sent as any other, and the exchange knows that it failed."""
    exchange, wire = exchange_of("POST", "/")
    exchange.start(200)
    assert not exchange.failed
    exchange.fail(b"{}")
    assert (exchange.failed, exchange.responded, wire.ends) == (True, True, 1)
    assert wire.sent.endswith(b"2\r\n{}\r\n0\r\n\r\n")
