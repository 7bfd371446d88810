"""Tests of the wrong bytes."""

from __future__ import annotations

import json
from typing import get_args

import pytest

from antiphon.testing.faults import GarbageKind, Shape
from antiphon.testing.garbage import LEAK, bad_chunk, error_body, garbage, header_flood, huge_line


@pytest.mark.parametrize("shape", get_args(Shape))
def test_every_error_shape_has_a_body(shape: Shape) -> None:
    """Each shape is written, and those that say JSON are JSON."""
    content_type, body = error_body(503, shape)
    assert content_type.count("/") == 1
    assert bool(body) is (shape != "empty")
    if content_type == "application/json":
        assert json.loads(body)


def test_trace_holds_a_secret() -> None:
    """The trace carries what must never reach a client."""
    assert LEAK.encode() in error_body(500, "trace")[1]


@pytest.mark.parametrize("kind", ["json", "binary", "encoding", "html"])
def test_garbage_is_no_event(kind: GarbageKind) -> None:
    """No kind of garbage can be read as an event with JSON in it."""
    data = garbage(kind)
    with pytest.raises(ValueError, match=r"."):
        json.loads(data.removeprefix(b"data: "))


@pytest.mark.parametrize("kind", ["size", "crlf", "overflow"])
def test_bad_chunks_differ(kind: GarbageKind) -> None:
    """Each kind breaks the encoding in a way of its own."""
    assert bad_chunk(kind).endswith(b"\r\n")


def test_huge_line_is_made_in_pieces() -> None:
    """A line of 1 MB is one event and never held whole."""
    pieces = list(huge_line(1_000_000))
    assert max(len(piece) for piece in pieces) <= 65_536
    assert len(json.loads(b"".join(pieces)[6:])["choices"][0]["delta"]["content"]) == 1_000_000


def test_header_flood_has_its_size() -> None:
    """The lines add up to the size asked for, within one line."""
    assert 98_000 < sum(len(line) for line in header_flood(100_000)) <= 100_000
