"""The services of interactions on a database, with a recorder that runs."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio

from antiphon.db import Database
from antiphon.interactions.recorder import Recorder
from antiphon.interactions.service import Interactions
from antiphon.interactions.sessions import Sessions


@pytest_asyncio.fixture
async def recorder(database: Database) -> AsyncIterator[Recorder]:
    """A recorder that loses nothing."""
    lost: list[str] = []
    recorder = Recorder(database, on_lost=lambda count, reason: lost.append(f"{count}: {reason}"))
    recorder.start()
    yield recorder
    await recorder.close()
    assert lost == []


@pytest_asyncio.fixture
async def interactions(database: Database, recorder: Recorder) -> Interactions:
    """All interactions of the database."""
    return Interactions(database, recorder)


@pytest_asyncio.fixture
async def sessions(database: Database, recorder: Recorder, interactions: Interactions) -> Sessions:
    """All sessions of the database."""
    return Sessions(database, recorder, interactions)
