"""Tails of channels, and how seldom the database is asked for them."""

from __future__ import annotations

import asyncio

import pytest

from antiphon.channels.model import Message
from antiphon.channels.parts import Channels
from antiphon.channels.store import HEADS_MAX, Head
from antiphon.channels.watch import TAIL_CHARACTERS_MAX, TAIL_MAX, News, Tail, Watch
from antiphon.db import Database, T, Work
from tests.unit.channels.posted import ANN, post

CHANNEL = "ch-000000000000000000000001"


class Counting:
    """A database that counts reads."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.reads = 0
        self.healthy = True

    async def read(self, work: Work[T]) -> T:
        """Pass it on."""
        self.reads += 1
        return await self._database.read(work)

    async def write(self, work: Work[T]) -> T:
        """Pass it on."""
        return await self._database.write(work)

    async def close(self) -> None:
        """Whoever made the other one closes it."""


@pytest.fixture
def database_kind() -> str:
    """One kind: the store is tested on all."""
    return "sqlite"


def message(number: int, content: str = "x") -> Message:
    """One of the channel."""
    return Message(CHANNEL, number, "ann", "ann", "api", content, number)


def news(last: int, *numbers: int, revision: int = 0, deletions: int = 0, content: str = "x") -> News:
    """What a question brings."""
    return News(Head(CHANNEL, last, revision, deletions), tuple(message(number, content) for number in numbers))


def numbers(tail: Tail, number: int) -> list[int] | None:
    """The numbers behind one."""
    found = tail.behind(number)
    return None if found is None else [one.number for one in found]


async def test_a_tail_grows() -> None:
    """From where the channel was when it was first asked for; numbers that are gone leave no hole."""
    tail = Tail(CHANNEL)
    assert tail.behind(0) is None
    tail.take(news(3))
    assert (numbers(tail, 2), numbers(tail, 3)) == (None, [])
    tail.take(news(6, 4, 6))
    assert (numbers(tail, 3), numbers(tail, 4), numbers(tail, 6), tail.end) == ([4, 6], [6], [], 6)
    tail.take(news(7))
    assert (numbers(tail, 6), tail.end) == ([], 7)


async def test_a_tail_is_bounded() -> None:
    """In messages and in characters; what it lets go of is no longer told."""
    tail = Tail(CHANNEL)
    tail.take(news(0))
    tail.take(news(500, *range(1, TAIL_MAX + 1)))
    assert tail.end == TAIL_MAX  # there are more, which the next question brings
    tail.take(news(500, *range(TAIL_MAX + 1, 501)))
    begin = 500 - TAIL_MAX
    assert (numbers(tail, begin - 1), len(numbers(tail, begin) or ())) == (None, TAIL_MAX)
    tail.take(news(502, 501, 502, content="x" * TAIL_CHARACTERS_MAX))
    assert (numbers(tail, 500), numbers(tail, 501)) == (None, [502])


async def test_a_tail_begins_anew() -> None:
    """When members have changed or messages were deleted, and whoever waits looks again."""
    tail = Tail(CHANNEL)
    tail.take(news(0))
    tail.take(news(2, 1, 2))
    waiting = asyncio.create_task(tail.changed())
    await asyncio.sleep(0)
    tail.take(news(2, revision=1))
    await waiting
    assert (numbers(tail, 1), numbers(tail, 2), tail.revision) == (None, [], 1)
    tail.take(news(3, 3, revision=1))
    tail.take(news(3, revision=1, deletions=1))
    assert (numbers(tail, 2), numbers(tail, 3), tail.revision) == (None, [], 1)
    tail.take(None)
    assert tail.gone


async def test_one_question_for_all(channels: Channels, database: Database) -> None:
    """Of a hundred followers of one channel, and of channels that one question has room for."""
    counted = Counting(database)
    watch = Watch(counted)
    ids = [(await channels.directory.create(ANN, f"c{number}")).channel.id for number in range(HEADS_MAX + 1)]
    with watch.follow(ids[0]) as tail:
        followers = [watch.follow(ids[0]) for _ in range(99)]
        assert {follower.__enter__() for follower in followers} == {tail}
        await watch.look()
        await post(channels, "hello", to="c0")
        await watch.look()
        assert (counted.reads, watch.followers, numbers(tail, 0)) == (2, 100, [1])
        others = [watch.follow(channel_id) for channel_id in ids[1:]]
        for follower in others:
            follower.__enter__()
        await watch.look()
        assert counted.reads == 4
        for follower in (*followers, *others):
            follower.__exit__(None, None, None)
    assert watch.followers == 0
    await watch.look()
    assert counted.reads == 4
