"""A desk for top-ups over the run's chain, with a recipient of its own; on SQLite, where a test names no other kind."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from antiphon.chain.local import LocalChain
from antiphon.db import Database
from tests.fixtures.topup.desk import Desk, terms_of
from tests.fixtures.topup.payer import Payer


@pytest.fixture
def database_kind(request: pytest.FixtureRequest) -> str:
    """Which kind of database the test runs on."""
    return str(getattr(request, "param", "sqlite"))


@pytest_asyncio.fixture
async def desk(database: Database, local_chain: LocalChain) -> AsyncIterator[Desk]:
    """A desk whose books and chain agree when the test is over."""
    desk = Desk(database, local_chain, terms_of(local_chain, Payer().address))
    yield desk
    await desk.require_sound()
    await desk.close()
