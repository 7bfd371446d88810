"""The services of feedback on a database with metrics, a recorder that runs, and a clock that stands still."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from antiphon.clock import ManualClock
from antiphon.db import Database
from antiphon.feedback.comparing import Comparisons
from antiphon.feedback.metrics import FeedbackMetrics
from antiphon.feedback.service import Feedbacks
from antiphon.ids import Ids
from antiphon.interactions.recorder import Recorder
from antiphon.interactions.service import Interactions
from tests.unit.feedback.said import keep_metrics


@pytest.fixture
def clock() -> ManualClock:
    """Time that moves only when told to."""
    return ManualClock()


@pytest_asyncio.fixture
async def interactions(database: Database) -> AsyncIterator[Interactions]:
    """All interactions of the database, which has metrics too."""
    await keep_metrics(database)
    lost: list[str] = []
    recorder = Recorder(database, on_lost=lambda count, reason: lost.append(f"{count}: {reason}"))
    recorder.start()
    yield Interactions(database, recorder)
    await recorder.close()
    assert lost == []


@pytest_asyncio.fixture
async def feedbacks(database: Database, interactions: Interactions, clock: ManualClock) -> Feedbacks:
    """All feedback of the database."""
    return Feedbacks(database, interactions, clock=clock, ids=Ids())


@pytest_asyncio.fixture
async def comparisons(database: Database, interactions: Interactions, clock: ManualClock) -> Comparisons:
    """All comparisons of the database."""
    return Comparisons(database, interactions, clock=clock, ids=Ids())


@pytest_asyncio.fixture
async def metrics(database: Database, clock: ManualClock) -> FeedbackMetrics:
    """All metrics of the database."""
    return FeedbackMetrics(database, clock=clock, ids=Ids())
