"""A prompt that kills engines behind nodes: two of three die of it, and their agents tell of it."""

from __future__ import annotations

from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from antiphon.testing.fault_engine import FaultEngine
from antiphon.testing.gateway_process import GatewayProcess
from antiphon.testing.plan import Habits
from tests.integration.nodes_lab import ADMIN, SETTINGS, Lab

NODES = 3
KILLS = "[[fault:exit k=0]]"


@pytest.mark.slow
@pytest.mark.parametrize("stream", [True, False])
async def test_two_engines_behind_nodes_die_of_a_prompt(tmp_path: Path, stream: bool) -> None:
    """Then it is refused, at once the next time; the third node answers everybody else."""
    async with AsyncExitStack() as stack:
        other = await stack.enter_async_context(FaultEngine(Habits(model="other")))
        gateway = await stack.enter_async_context(GatewayProcess(SETTINGS.format(url=other.url), tmp_path))
        engines = []
        for number in range(NODES):
            engine = await stack.enter_async_context(FaultEngine())
            lab = Lab(gateway, engine, tmp_path)
            await stack.enter_async_context(await lab.node(f"node-{number}"))
            await lab.until(f"node-{number}", presence="serving")
            engines.append(engine)
        body = {"model": "fault-model", "messages": [{"role": "user", "content": KILLS}], "stream": stream}
        for _ in range(2):
            answer = await gateway.ask("/v1/chat/completions", body, key=ADMIN)
            assert (answer.status, answer.json()["error"]["code"]) == (502, "poison_prompt")
            assert sum(engine.record.struck for engine in engines) == 2
        assert (await lab.ask()).status == 200
        assert gateway.alive
        assert "Traceback" not in gateway.log
