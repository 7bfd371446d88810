"""Tests of the framing of outgoing bytes."""

from __future__ import annotations

from antiphon.testing.wire import chunk, head


def test_head_is_http() -> None:
    """A head has a status line, its headers and an empty line."""
    assert head(503, {"retry-after": "7"}) == b"HTTP/1.1 503 Whatever\r\nretry-after: 7\r\n\r\n"


def test_chunk_has_its_size() -> None:
    """A chunk says its size in hexadecimal; no data is no chunk, which would end the body."""
    assert chunk(b"x" * 26) == b"1a\r\n" + b"x" * 26 + b"\r\n"
    assert chunk(b"") == b""
