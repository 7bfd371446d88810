"""A second way to a server's database, for what a crash of the server may take."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import pytest

from antiphon.clock import SystemClock
from antiphon.db import Connection, Database
from antiphon.db.migrate import Migration
from antiphon.db.open import open_volatile
from tests.fixtures.databases.notes import NOTES, count_up, insert, names, numbers

NOWHERE = Path("/nonexistent")


@pytest.fixture
def database_migrations() -> Sequence[Migration]:
    """Notes only."""
    return (NOTES,)


@pytest.mark.parametrize("database_kind", ["postgres"])
async def test_what_may_be_lost_waits_for_nobody(database_url: str, database: Database) -> None:
    """Neither for a disk nor for writers of other things; those that write the same take turns."""
    volatile = [open_volatile(database_url, data_dir=NOWHERE, clock=SystemClock()) for _ in range(2)]
    held, release = threading.Event(), threading.Event()
    await database.write(partial(insert, name="counted", number=0))

    def hold(connection: Connection) -> None:
        insert(connection, "held")
        held.set()
        assert release.wait(10)

    holding = asyncio.create_task(database.write(hold))
    await asyncio.to_thread(held.wait, 10)
    setting = await volatile[0].write(lambda connection: connection.one("SHOW synchronous_commit"))
    assert setting == ("off",)
    await asyncio.gather(*(each.write(partial(count_up, name="counted")) for each in volatile for _ in range(20)))
    release.set()
    await holding
    assert (await database.read(names), await database.read(numbers)) == (["counted", "held"], [40, None])
    for each in volatile:
        await each.close()
