"""One gateway that charges, for all tests of the rule; each test finds it with money, and leaves sound books."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from antiphon.db.open import open_database
from antiphon.testing.gateway_process import GatewayProcess

from .lab import PAYER, Engines, Lab, settings


@pytest_asyncio.fixture(scope="package", loop_scope="package")
async def running(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Lab]:
    """The gateway, its engines and its books."""
    folder = tmp_path_factory.mktemp("charging")
    url = f"sqlite:///{folder / 'books.db'}"
    async with Engines() as engines, GatewayProcess(settings(url, engines), folder) as gateway:
        database = open_database(url, data_dir=folder)
        lab = Lab((gateway,), engines, database)
        await lab.fund(1_000_000_000)
        yield lab
        await database.close()


@pytest_asyncio.fixture(loop_scope="package")
async def lab(running: Lab) -> AsyncIterator[Lab]:
    """The gateway at rest; afterwards nothing is held by a request, and every receipt is what was charged."""
    for engine in (running.a, running.b):
        engine.clear()
        await engine.listen()
        await engine.idle()
    written = len(running.gateway.log)
    yield running
    metrics = (await running.gateway.ask("/metrics")).body.decode()
    assert "antiphon_credit_holds_open 0.0" in metrics
    assert "antiphon_charges_lost_micro_usdc_total 0.0" in metrics
    await running.gateway.ask("/v1/credits/balance", key=PAYER)
    await running.require_sound()
    assert "Traceback" not in running.gateway.log[written:]
