"""One gateway over two fault engines for all fault tests; each test finds it at rest and must leave it alive."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from antiphon.testing.fault_engine import FaultEngine
from antiphon.testing.gateway_process import GatewayProcess
from antiphon.testing.plan import Habits
from antiphon.testing.script import Draws

from .lab import Lab, assert_good, seen, settings


@contextlib.asynccontextmanager
async def started(folder: Path, *, continuations: int) -> AsyncIterator[Lab]:
    """A gateway and its engines."""
    long = Habits(context_tokens=200_000)  # answers without an end in sight fit
    either = Draws()
    async with (
        FaultEngine(long, shared=either) as a,
        FaultEngine(long, shared=either) as b,
        GatewayProcess(settings(a, b, continuations=continuations), folder) as gateway,
    ):
        yield Lab(gateway, a, b, either)


@pytest_asyncio.fixture(scope="package", loop_scope="package")
async def running(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Lab]:
    """The gateway and its engines; answers that break off stay so."""
    async with started(tmp_path_factory.mktemp("faults"), continuations=0) as lab:
        yield lab


@pytest_asyncio.fixture(loop_scope="package")
async def fresh(tmp_path: Path) -> AsyncIterator[Lab]:
    """A gateway that knows nothing bad of its engines yet, for tests after which it would not trust them."""
    async with started(tmp_path, continuations=3) as lab:
        yield lab


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
