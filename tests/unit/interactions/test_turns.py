"""Whose turn it is: one of many, until its time is over."""

from __future__ import annotations

import asyncio

from antiphon.db import Connection, Database
from antiphon.interactions import turns


def take(connection: Connection, name: str, now_ms: int) -> bool:
    """Whether somebody who asks at that moment gets the turn."""
    return turns.take(connection, name, now_ms=now_ms, for_ms=1_000)


async def test_one_of_many_gets_the_turn(database: Database) -> None:
    """However many ask at once; and again when its time is over."""
    asked = (database.write(lambda connection: take(connection, "sweep", 5_000)) for _ in range(8))
    assert sorted(await asyncio.gather(*asked)) == [False] * 7 + [True]
    assert not await database.write(lambda connection: take(connection, "sweep", 5_999))
    assert await database.write(lambda connection: take(connection, "sweep", 6_000))


async def test_a_turn_is_held_for_longer(database: Database) -> None:
    """Turns of different names have nothing to do with each other."""

    def work(connection: Connection) -> tuple[bool, ...]:
        first = take(connection, "a", 0)
        turns.hold(connection, "a", until_ms=9_000)
        return first, take(connection, "a", 8_999), take(connection, "b", 0), take(connection, "a", 9_000)

    assert await database.write(work) == (True, False, True, True)
