"""Books on each kind of database."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio

from antiphon.db import Database
from tests.unit.credits.books import Books


@pytest_asyncio.fixture
async def books(database: Database) -> AsyncIterator[Books]:
    """Books that are proved when the test is over."""
    books = Books(database)
    yield books
    await books.close()
    await books.require_sound()
