"""One gateway for all bad requests."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from antiphon.testing.fault_engine import FaultEngine
from antiphon.testing.gateway_process import GatewayProcess
from antiphon.testing.plan import Habits

from .lab import Lab, settings


@pytest_asyncio.fixture(scope="package", loop_scope="package")
async def lab(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Lab]:
    """The gateway; at the end of all tests it lives and has logged no exception."""
    folder = tmp_path_factory.mktemp("bad_input")
    async with FaultEngine(Habits(embeds=True)) as engine, GatewayProcess(settings(engine), folder) as gateway:
        yield Lab(gateway, engine)
        assert gateway.alive
        assert "Traceback" not in gateway.log
