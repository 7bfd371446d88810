"""Counts on their way into the database."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import TypeVar

import pytest
from msgspec.structs import replace

from antiphon.campaigns.aggregates import Counted
from antiphon.campaigns.counting import BATCH_ROWS, Counting
from antiphon.db import Database, Work
from antiphon.errors import Unavailable

T = TypeVar("T")
ONE = Counted(campaign_id="c", answer_id="a-0", variant="a", unit=-7, at_ms=5, latency_ms=1.5, completion_tokens=3)


@pytest.fixture
def database_kind() -> str:
    """One is enough: what differs between databases stands in the tests of what is counted."""
    return "sqlite"


class Away:
    """A database that does not answer writes until it is told to."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.healthy = False
        self.refused = asyncio.Event()

    async def read(self, work: Work[T]) -> T:
        """Reads always reach it."""
        return await self._database.read(work)

    async def write(self, work: Work[T]) -> T:
        """Unavailable while it is not healthy."""
        if not self.healthy:
            self.refused.set()
            raise Unavailable
        return await self._database.write(work)

    async def close(self) -> None:
        """The real one is closed by who opened it."""


class Lost(list[tuple[int, str]]):
    """What was lost, and why."""

    def tell(self, rows: int, reason: str) -> None:
        """Some more."""
        self.append((rows, reason))


@pytest.fixture
def lost() -> Lost:
    """Nothing yet."""
    return Lost()


@pytest.fixture
async def counting(database: Database, lost: Lost) -> AsyncIterator[Counting]:
    """On a database that answers."""
    made = Counting(database, on_lost=lost.tell)
    made.start()
    yield made
    await made.close()


async def rows(database: Database) -> int:
    """How many requests are counted."""
    found = await database.read(lambda connection: connection.one("SELECT COUNT(*) FROM campaign_requests"))
    assert found is not None
    return int(found[0])


async def test_what_is_taken_is_counted(database: Database, counting: Counting, lost: Lost) -> None:
    """More than one batch of it, each request once."""
    for number in range(2 * BATCH_ROWS + 1):
        counting.put(replace(ONE, answer_id=f"a-{number}"))
    counting.put(ONE)
    await counting.all_settled()
    assert await rows(database) == 2 * BATCH_ROWS + 1
    assert lost == []


async def test_a_database_that_is_away_is_waited_for(database: Database, lost: Lost) -> None:
    """Nothing is lost by that."""
    away = Away(database)
    counting = Counting(away, on_lost=lost.tell)
    counting.start()
    counting.put(ONE)
    await away.refused.wait()
    away.healthy = True
    await counting.all_settled()
    await counting.close()
    assert await rows(database) == 1
    assert lost == []


async def test_what_the_end_leaves_behind_is_told(database: Database, lost: Lost) -> None:
    """And what comes after it."""
    away = Away(database)
    counting = Counting(away, on_lost=lost.tell)
    counting.start()
    counting.put(ONE)
    await away.refused.wait()
    await counting.close()
    counting.put(ONE)
    assert lost == [(1, "the gateway ends"), (1, "the gateway ends")]


async def test_no_more_than_so_many_wait(database: Database, lost: Lost) -> None:
    """A request never waits for its count."""
    counting = Counting(database, on_lost=lost.tell, rows_max=2)
    for number in range(3):
        counting.put(replace(ONE, answer_id=f"a-{number}"))
    assert lost == [(1, "too many are waiting to be counted")]
    counting.start()
    await counting.close()
    assert await rows(database) == 2


async def test_what_cannot_be_counted_is_told(counting: Counting, lost: Lost) -> None:
    """And is not in the way of what comes after it."""
    counting.put(replace(ONE, unit=2**70))
    await counting.all_settled()
    counting.put(ONE)
    await counting.all_settled()
    assert [count for count, _ in lost] == [1]
