"""Runs on each kind of database."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio

from antiphon.db import Database
from tests.unit.idempotency.asking import Runs


@pytest_asyncio.fixture
async def runs(database: Database) -> AsyncIterator[Runs]:
    """Runs that end with the test."""
    runs = Runs(database)
    yield runs
    await runs.close()
