"""What has been kept long enough is forgotten, in every channel, and nothing else is."""

from __future__ import annotations

import pytest

from antiphon.channels.parts import Channels
from antiphon.channels.sweep import MS_PER_DAY, Sweep
from antiphon.db import Database
from tests.unit.channels.posted import NOW_MS, post, texts


@pytest.fixture
def database_kind() -> str:
    """One kind: the store is tested on all."""
    return "sqlite-again"


def sweep(database: Database, *, days: int, later_ms: int) -> Sweep:
    """A sweep so long after the messages were posted."""
    return Sweep(database, retention_days=days, now_sql=f"SELECT CAST({(NOW_MS + later_ms) * 1_000} AS BIGINT)")


async def test_old_messages_go(channels: Channels, database: Database) -> None:
    """After so many days, to the millisecond; a retention of 0 keeps them."""
    for number in range(3):
        await post(channels, str(number))
        await post(channels, str(number), to="requests")
    assert await sweep(database, days=0, later_ms=99 * MS_PER_DAY).sweep() == 0
    assert await sweep(database, days=2, later_ms=2 * MS_PER_DAY).sweep() == 0
    assert await sweep(database, days=2, later_ms=2 * MS_PER_DAY + 2).sweep() == 4
    assert await texts(channels) == await texts(channels, of="requests") == ["2"]
    assert (await post(channels, "next")).number == 4
