"""Channels of each database, with their watch at work."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from antiphon.channels.model import Bounds
from antiphon.channels.parts import Channels
from antiphon.clock import ManualClock
from antiphon.db import Database
from antiphon.ids import Ids
from tests.unit.channels.posted import NOW_SQL, PUBLIC


@pytest.fixture
def bounds() -> Bounds:
    """Small ones, so that they are soon reached."""
    return Bounds(posts_per_minute=0, content_bytes_max=1024)


@pytest_asyncio.fixture
async def channels(database: Database, bounds: Bounds) -> AsyncIterator[Channels]:
    """All parts, over public channels."""
    made = Channels(database, bounds, public=PUBLIC, now_sql=NOW_SQL, clock=ManualClock(), ids=Ids())
    await made.start()
    watching = asyncio.create_task(made.watch.run())
    yield made
    watching.cancel()
    await asyncio.wait([watching])
