"""How much an answer may hold, and what comes in between while it is made."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from antiphon.errors import BadRequest
from antiphon.graphql.pace import AT_ONCE, Pace


def test_an_answer_has_so_many_fields() -> None:
    """One more is too many."""
    pace = Pace(2)
    pace.spend()
    pace.spend()
    with pytest.raises(BadRequest, match="at most 2 fields"):
        pace.spend()


async def test_short_lists_and_other_values_stay_as_they_are() -> None:
    """Also those that are awaited."""

    async def later() -> list[int]:
        return [1]

    pace = Pace()
    assert pace.paced([1] * AT_ONCE) == [1] * AT_ONCE
    assert pace.paced("text") == "text"
    awaited = pace.paced(later())
    assert asyncio.iscoroutine(awaited)
    assert await awaited == [1]


async def test_long_lists_are_read_with_pauses() -> None:
    """Something else runs before each part of each list, however many lists are read at once."""
    pace, turns = Pace(), 0
    lists = [pace.paced(list(range(3 * AT_ONCE))) for _ in range(4)]

    async def read(items: object) -> list[int]:
        assert isinstance(items, AsyncIterator)
        return [item async for item in items]

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    other = asyncio.create_task(others())
    assert await asyncio.gather(*map(read, lists)) == [list(range(3 * AT_ONCE))] * 4
    other.cancel()
    assert turns >= 3 * 4
