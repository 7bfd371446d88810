"""A node's outgoing frames: numbered, within their credit, kept until they were seen."""

from __future__ import annotations

import asyncio

import pytest

from antiphon.chat import Delta, Usage
from antiphon.errors import EngineFailed
from antiphon.link import frames
from antiphon.link.outbox import Outbox


class Wire:
    """Keeps what is sent; there is no broker while `up` is False."""

    def __init__(self) -> None:
        self.up = True
        self.sent: list[frames.ToGateway] = []

    def send(self, subject: bytes, payload: bytes, reply: bytes = b"") -> bool:
        """Send at once or not at all."""
        assert subject == b"out.n.g.a"
        if self.up:
            self.sent.append(frames.read_answer(payload))
        return self.up


def outbox(wire: Wire, window: int = 4) -> Outbox:
    """An outbox on that wire."""
    return Outbox(wire, b"out.n.g.a", window)


def text(*texts: str) -> list[Delta]:
    """Deltas of nothing but text."""
    return [Delta(content=each) for each in texts]


async def test_frames_are_numbered_and_bounded() -> None:
    """After the window there is no more credit, until more is given."""
    wire = Wire()
    box = outbox(wire, 2)
    box.deltas(text("a"))
    assert box.open
    box.piece(b"b")
    assert not box.open
    waiting = asyncio.ensure_future(box.wait_open())
    await asyncio.sleep(0)
    box.credit(2, 0)
    await asyncio.sleep(0)
    assert not waiting.done()
    box.credit(3, 1)
    await waiting
    box.end(Usage(1, 2), None)
    assert wire.sent == [frames.Deltas(1, ["a"]), frames.Piece(2, b"b"), frames.End(3, Usage(1, 2))]
    assert box.closed


async def test_what_was_not_seen_is_sent_again() -> None:
    """Also what was never sent, since there was no broker; not what was seen."""
    wire = Wire()
    box = outbox(wire, 9)
    box.deltas(text("a"))
    wire.up = False
    box.deltas(text("b"))
    box.deltas(text("c"))
    wire.up = True
    box.resume(2)
    assert wire.sent[1:] == [frames.Deltas(2, ["b"]), frames.Deltas(3, ["c"])]
    box.credit(9, 2)
    wire.sent.clear()
    box.resume(1)
    assert wire.sent == [frames.Deltas(3, ["c"])]


async def test_a_delta_that_has_no_room_is_refused() -> None:
    """It would end the connection of all."""
    box = outbox(Wire())
    with pytest.raises(EngineFailed, match="too large"):
        box.deltas(text("x" * 800_000))
    assert box.seq == 0
