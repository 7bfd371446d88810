"""Requests out of bytes, apart from any connection; `test_connection.py` sends them over sockets, in any pieces."""

from __future__ import annotations

import pytest

from antiphon.http.request_parser import Head, RequestParser

GET = b"GET /a%20b?q=1 HTTP/1.1\r\nHost: a\r\nX-Two: 1\r\nx-two: 2\r\n\r\n"


class Told:
    """A receiver that keeps what it is told, and closes when it refuses."""

    def __init__(self) -> None:
        self.closing = False
        self.steps: list[str] = []
        self.heads: list[Head] = []
        self.body = b""
        self.refused: list[int] = []

    def begun(self) -> None:
        """Keep it."""
        self.steps.append("begun")

    def headed(self, head: Head) -> None:
        """Keep it."""
        self.steps.append("headed")
        self.heads.append(head)

    def on_body(self, body: bytes) -> None:
        """Keep it."""
        self.body += body

    def on_message_complete(self) -> None:
        """Keep it."""
        self.steps.append("whole")

    def refuse(self, status: int, text: str) -> None:
        """Keep it, and want no more."""
        self.refused.append(status)
        self.closing = True


def parsed(*pieces: bytes, head_bytes_max: int = 1000) -> Told:
    """What a receiver is told of these bytes."""
    told = Told()
    parser = RequestParser(told, head_bytes_max=head_bytes_max)
    for piece in pieces:
        parser.feed(piece)
    return told


@pytest.mark.parametrize("size", [1, 7, len(GET)])
def test_a_request_is_told_in_order(size: int) -> None:
    """However it is cut: its address read, its headers joined."""
    told = parsed(*(GET[start : start + size] for start in range(0, len(GET), size)))
    assert told.steps == ["begun", "headed", "whole"]
    assert told.heads == [Head("GET", "/a b", "q=1", {b"host": b"a", b"x-two": b"1, 2"}, True, False)]


def test_an_offer_of_another_protocol_is_declined() -> None:
    """The same request is told without it, body and all."""
    offer = (
        b"POST / HTTP/1.1\r\nupgrade: h2c\r\nconnection: Upgrade, close\r\nhttp2-settings: x\r\ncontent-length: 2\r\n"
    )
    told = parsed(offer + b"\r\nhi")
    assert (told.body, told.refused) == (b"hi", [])
    assert told.heads == [Head("POST", "/", "", {b"content-length": b"2", b"connection": b"close"}, False, False)]


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"GET / HTTP/1.1\r\nx: " + b"y" * 1000 + b"\r\n\r\n", 431),
        (b"GET / HTTP/1.1\r\n" + b"x: y\r\n" * 400, 431),
        (b"hello\r\n\r\n", 400),
        (b"CONNECT a:1 HTTP/1.1\r\nhost: a\r\n\r\n", 405),
    ],
)
def test_what_is_refused_is_refused_once(sent: bytes, status: int) -> None:
    """Nothing that comes behind it is told."""
    told = parsed(sent[:500], sent[500:], GET)
    assert told.refused == [status]
    assert told.heads == []


def test_a_large_body_is_no_large_head() -> None:
    """Only what stands before the body counts."""
    told = parsed(b"POST / HTTP/1.1\r\ncontent-length: 9000\r\n\r\n", b"x" * 9000, GET)
    assert (len(told.body), told.refused, len(told.heads)) == (9000, [], 2)
