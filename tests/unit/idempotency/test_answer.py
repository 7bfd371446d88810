"""An answer while it comes about: every reader gets all of it, and one that is too large is held only for those."""

from __future__ import annotations

import asyncio

import pytest

from antiphon.errors import EngineFailed
from antiphon.http.exchange import ClientGone
from antiphon.idempotency.answer import BEHIND_BYTES_MAX, Answer, Room

BIG = 1 << 30
PIECE = b"x" * 1000


def answer(bytes_max: int = BIG, room: Room | None = None) -> Answer:
    """One that has begun."""
    made = Answer(bytes_max=bytes_max, room=room or Room(BIG))
    made.begin(200, ((b"a", b"1"),))
    return made


def test_each_reader_gets_all_of_it() -> None:
    """Whenever they come, in pieces as they read."""
    made = answer()
    early = made.join()
    assert made.add(b"one ")
    assert made.read(early) == b"one "
    assert made.add(b"two ")
    assert made.add(b"three")
    late = made.join()
    assert made.read(late) == b"one two three"
    assert [made.read(early), made.read(early)] == [b"two three", b""]
    made.end(b".")
    assert (made.read(early), made.read(late), made.body, made.ended) == (b".", b".", b"one two three.", True)


async def test_whoever_waits_is_woken() -> None:
    """By each piece, by the end and by a failure."""
    made = answer()
    waiting = [asyncio.create_task(made.change()) for _ in range(3)]
    await asyncio.sleep(0)
    made.add(b"x")
    await asyncio.gather(*waiting)
    last = asyncio.create_task(made.change())
    await asyncio.sleep(0)
    made.end(failure=EngineFailed())
    await last
    assert isinstance(made.failure, EngineFailed)


def test_one_that_is_too_large_is_not_kept() -> None:
    """Those who read it get all of it; what all of them have read is let go of."""
    made = answer(bytes_max=2_500)
    one, two = made.join(), made.join()
    for _ in range(3):
        made.add(PIECE)
    assert not made.kept
    assert made.read(one) == PIECE * 3
    assert made.body == PIECE * 3
    made.read(two)
    assert made.body == b""
    made.add(b"y")
    assert (made.read(one), made.read(two)) == (b"y", b"y")


def test_the_last_piece_counts_too() -> None:
    """An answer that is one piece is bound like any other."""
    made = answer(bytes_max=2_500)
    made.add(PIECE)
    assert made.fits(b"x" * 1_500)
    assert not made.fits(b"x" * 1_501)
    made.add(b"x" * 1_501)
    assert not made.fits(b"")


async def test_a_generation_waits_for_its_readers() -> None:
    """Only when the answer is not kept: then the slowest decides."""
    made = answer(bytes_max=1)
    reader, slow = made.join(), made.join()
    while made.add(PIECE):
        made.read(reader)
    waiting = asyncio.create_task(made.drain())
    await asyncio.sleep(0)
    assert not waiting.done()
    assert len(made.read(slow)) > BEHIND_BYTES_MAX
    await waiting


async def test_nobody_reads_what_is_not_kept() -> None:
    """Then there is no sense in going on."""
    made = answer(bytes_max=1)
    reader = made.join()
    made.add(PIECE)
    made.leave(reader)
    assert not made.add(PIECE)
    with pytest.raises(ClientGone):
        await made.drain()
    kept = answer()
    assert kept.add(PIECE)
    await kept.drain()


def test_all_answers_share_their_room() -> None:
    """One that finds no more is not kept; what it had is free for others."""
    room = Room(2_500)
    one, two = answer(room=room), answer(room=room)
    assert [one.add(PIECE), two.add(PIECE), one.kept, two.kept] == [True, True, True, True]
    one.add(PIECE)
    assert (one.kept, two.kept) == (False, True)
    two.add(PIECE)
    assert two.kept
    two.close()
    two.close()
    assert room.take(2_500)
    assert not room.take(1)
