"""A stream of deltas over the link: how it ends, by what the node and the link still tell."""

from __future__ import annotations

import asyncio

import pytest

from antiphon.chat import Delta, Usage
from antiphon.errors import EngineFailed
from antiphon.link.frames import End
from antiphon.link.remote_stream import RemoteStream

TOKEN, STOP = Delta(content="a"), Delta(finish_reason="stop")
CUT = EngineFailed("The link is down.")


def stream() -> RemoteStream:
    """One that nobody reads yet."""
    return RemoteStream(asyncio.get_running_loop(), lambda _attempt: None)


async def told(reader: RemoteStream) -> list[Delta] | None:
    """What is there by now."""
    return await reader.next(asyncio.get_running_loop().time())


async def test_a_whole_answer_ends_with_its_usage() -> None:
    """Behind the finish comes nothing but the end."""
    reader = stream()
    reader.deltas([TOKEN])
    reader.deltas([STOP, TOKEN])
    reader.ended(End(2, Usage(7, 1)))
    assert [await told(reader), await told(reader)] == [[TOKEN, STOP], []]
    assert reader.usage == Usage(7, 1)


async def test_an_answer_that_is_cut_off_fails() -> None:
    """After what came before."""
    reader = stream()
    reader.deltas([TOKEN])
    reader.failed(CUT)
    assert await told(reader) == [TOKEN]
    with pytest.raises(EngineFailed, match="down"):
        await told(reader)


async def test_an_end_without_a_finish_is_none() -> None:
    """A node that says no more has not finished."""
    reader = stream()
    reader.ended(End(1))
    with pytest.raises(EngineFailed, match="without finishing"):
        await told(reader)


async def test_an_answer_that_is_cut_off_behind_its_finish_is_whole() -> None:
    """Whoever reads on is told that the rest, its usage, will not come."""
    reader = stream()
    reader.deltas([TOKEN, STOP])
    reader.failed(CUT)
    assert await told(reader) == [TOKEN, STOP]
    with pytest.raises(EngineFailed, match="down"):
        await told(reader)


async def test_a_reader_that_waits_is_not_told_of_a_cut_behind_the_finish() -> None:
    """It has the finish, which it took, and its answer is good."""
    reader, taken = stream(), list[Delta]()

    def take(deltas: list[Delta]) -> bool:
        taken.extend(deltas)
        return False

    waiting = asyncio.ensure_future(reader.next(asyncio.get_running_loop().time() + 60, take))
    await asyncio.sleep(0)
    reader.deltas([STOP])
    reader.failed(CUT)
    assert await waiting == []
    assert taken == [STOP]
    reader.close()
