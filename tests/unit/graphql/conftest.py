"""The schema on real services: a database, two models on engines that nobody connects to, and a clock that stands."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from antiphon.campaigns.known import KnownCampaigns
from antiphon.campaigns.service import Campaigns
from antiphon.clock import ManualClock
from antiphon.db import Database
from antiphon.feedback.comparing import Comparisons
from antiphon.feedback.metrics import FeedbackMetrics
from antiphon.feedback.scores import Scores
from antiphon.feedback.service import Feedbacks
from antiphon.graphql.gathering import Gathering
from antiphon.graphql.reading import Services
from antiphon.ids import Ids
from antiphon.interactions.groups import Groups
from antiphon.interactions.recorder import Recorder
from antiphon.interactions.service import Interactions
from antiphon.models.catalogue import Catalogue, Model
from antiphon.models.placement import Placement
from tests.unit.feedback.said import keep_metrics
from tests.unit.models.offers import offer
from tests.unit.projects.gateway_projects import projects_of


@pytest.fixture
def database_kind() -> str:
    """What lies below is tested on each kind where it lies."""
    return "sqlite"


@pytest_asyncio.fixture
async def services(database: Database) -> AsyncIterator[Services]:
    """All that the schema is mapped on, with the metrics of `said`."""
    await keep_metrics(database)
    clock, ids = ManualClock(), Ids()
    told: list[tuple[int, str]] = []
    recorder = Recorder(database, on_lost=lambda *lost: told.append(lost))
    recorder.start()
    interactions = Interactions(database, recorder)
    catalogue = Catalogue()
    seeing = Model("seeing", (offer("b"),), created=5, aliases=("eye",), modalities=("text", "image"))
    catalogue.replace("test", (Model("m", (offer("a"),), created=7), seeing, Model("down", (offer("c", down=True),))))
    yield Services(
        catalogue=catalogue,
        placement=Placement(queue_max=9),
        projects=await projects_of(database, clock=clock),
        interactions=interactions,
        groups=Groups(database, interactions),
        feedbacks=Feedbacks(database, interactions, clock=clock, ids=ids),
        comparisons=Comparisons(database, interactions, clock=clock, ids=ids),
        metrics=FeedbackMetrics(database, clock=clock, ids=ids),
        scores=Scores(database),
        campaigns=Campaigns(database, KnownCampaigns(database), clock=clock, ids=ids),
        gathering=Gathering(database),
    )
    await recorder.close()
    assert told == []
