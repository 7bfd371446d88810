"""Reading a stranger's HTTP response: whole, cut, oversized, and odd."""

from __future__ import annotations

import pytest

from antiphon.vision.response import ResponseReader


def read(*pieces: bytes, closed: bool = False, body_size_bytes_max: int = 10) -> ResponseReader:
    """Return the reader after these pieces, and perhaps the end of the connection."""
    reader = ResponseReader(body_size_bytes_max=body_size_bytes_max)
    for piece in pieces:
        reader.feed(piece)
    if closed:
        reader.end()
    return reader


@pytest.mark.parametrize(
    "response",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: identity\r\nContent-Length: 3\r\n\r\nabc",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n2\r\nbc\r\n0\r\n\r\n",
        b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc",
    ],
)
@pytest.mark.parametrize("step", [1, 7, 1000])
def test_a_framed_body_is_read_however_it_arrives(response: bytes, step: int) -> None:
    """Lengths, chunks and interim responses are understood, byte for byte as well as at once."""
    reader = read(*(response[i : i + step] for i in range(0, len(response), step)))
    assert (reader.complete, reader.status, reader.body, reader.redirected) == (True, 200, b"abc", False)


def test_a_body_may_end_with_the_connection() -> None:
    """Without length and chunks the end of the connection is the end of the body."""
    reader = read(b"HTTP/1.0 200 OK\r\n\r\nab", b"c")
    assert not reader.complete
    reader.end()
    assert (reader.complete, reader.body) == (True, b"abc")


def test_a_redirect_is_complete_with_its_headers() -> None:
    """Of a redirect only the location is wanted."""
    reader = read(b"HTTP/1.1 302 Found\r\nLocation: /b\r\nContent-Length: 9\r\n\r\n")
    assert (reader.complete, reader.redirected, reader.location) == (True, True, "/b")


@pytest.mark.parametrize(
    "response",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Le",
        b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n",
        b"HTTP/1.1 103 Early Hints\r\n\r\n",
    ],
)
def test_a_cut_response_is_refused(response: bytes) -> None:
    """A connection that ends early is no success."""
    with pytest.raises(ValueError, match="cut off"):
        read(*([response] if response else []), closed=True)


@pytest.mark.parametrize(
    "response",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabc",
        b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\nabc",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nb\r\n0123456789a\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\n\r\n0123456789a",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: br\r\n\r\n",
        b"HTTP/1.1 206 Partial Content\r\nContent-Length: 3\r\n\r\nabc",
        b"HTTP/1.1 204 No Content\r\n\r\n",
        b"HTTP/1.1 401 Unauthorized\r\n\r\n",
        b"HTTP/1.1 404 Not Found\r\n\r\n",
        b"HTTP/1.1 500 Oops\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
        b"HTTP/1.1 302 Found\r\nLocation: /\xc3\xa4\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"a" * 40_000,
        b"HTTP/1.1 103 Hints\r\n\r\n" * 2000,
        b"SSH-2.0-OpenSSH_9.9\r\n",
        b"\x15\x03\x01\x00\x02\x02\x46",
        b"GET / HTTP/1.1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabcHTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nxyz",
    ],
)
def test_an_unacceptable_response_is_refused(response: bytes) -> None:
    """Oversized, compressed, ambiguous or foreign answers, and every other status, are refused as they arrive."""
    with pytest.raises(ValueError, match=r"."):
        read(*(response[i : i + 1000] for i in range(0, len(response), 1000)))
