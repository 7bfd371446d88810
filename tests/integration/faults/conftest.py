"""One gateway over two fault engines for all fault tests; each test finds it at rest and must leave it alive."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from antiphon.testing.fault_engine import FaultEngine
from antiphon.testing.gateway_process import GatewayProcess
from antiphon.testing.plan import Habits

from .lab import Lab, assert_good, seen, settings


@pytest_asyncio.fixture(scope="package", loop_scope="package")
async def running(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Lab]:
    """The gateway and its engines."""
    folder = tmp_path_factory.mktemp("faults")
    long = Habits(context_tokens=200_000)  # answers without an end in sight fit
    async with FaultEngine(long) as a, FaultEngine(long) as b:
        async with GatewayProcess(settings(a, b, continuations=0), folder) as gateway:
            yield Lab(gateway, a, b)


@pytest_asyncio.fixture(loop_scope="package")
async def lab(running: Lab) -> AsyncIterator[Lab]:
    """The gateway at rest; afterwards it must still give a good answer, and have logged no exception."""
    await running.rest()
    written = len(running.gateway.log)
    yield running
    await running.rest()
    assert running.gateway.alive
    for stream in (False, True):
        assert_good(seen(await running.ask(stream=stream)))
    assert "Traceback" not in running.gateway.log[written:]
