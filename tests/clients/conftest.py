"""One gateway for all clients; an environment is made when the first scenario of its client is asked for."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from antiphon.chain.local import LocalChain
from antiphon.testing.fault_engine import FaultEngine
from antiphon.testing.gateway_process import GatewayProcess
from antiphon.testing.plan import Habits
from tests.fixtures.vision.plugin import Projectors, vision_projectors, vision_text_model

from .clients import CLIENTS
from .lab import EMBEDDING_MODEL, fund, furnish, settings, warm
from .reports import Reports

__all__ = ["reports", "vision_projectors", "vision_text_model"]


@pytest_asyncio.fixture(scope="package", loop_scope="package")
async def reports(
    vision_projectors: Projectors, local_chain: LocalChain, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Reports]:
    """What the clients' scenarios came to."""
    folder = tmp_path_factory.mktemp("clients")
    async with FaultEngine() as engine, FaultEngine(Habits(model=EMBEDDING_MODEL, embeds=True)) as embedding:
        fund(CLIENTS, local_chain)
        told = settings(
            CLIENTS,
            obedient=engine.url,
            embedding=embedding.url,
            projector=vision_projectors("solid"),
            chain=local_chain,
        )
        async with GatewayProcess(told, folder) as gateway:
            await warm(gateway)
            await furnish(gateway)
            yield Reports(gateway.url, folder)
            assert "Traceback" not in gateway.log, gateway.log
