"""The nodes' broker is killed again and again below streams that pass through it: they go on as if nothing had been."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import signal
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest

from antiphon.testing.gateway_process import GatewayProcess
from antiphon.testing.node_process import NodeProcess
from tests.conformance.processes import descendants

from .clients import Load
from .conftest import Tell
from .journal import Journal
from .lab import KEY, Verdicts, gateway_over, kill_in_turn
from .processes import Node, aside, started
from .scripted import scripted
from .stories import HABITS, MODEL, Kind, story

NODES, CLIENTS = 3, 60
KILL_EVERY_S, NODE_KILL_EVERY_S = 10.0, 7.0
KILLS_MIN = 3
SLOTS = 64
SERVING_S_MAX = 60.0
ADMIN = "sk-chaos-admin-516c354b68848cdbd8f54a226a0a55b21ed1"
SETTINGS = f"""
[[keys]]
name = "admin"
key = "{ADMIN}"
admin = true
[[nodes.models]]
name = "{MODEL}"
upstream_name = "{HABITS.model}"
prices = {{ prompt = 1_000_000, completion = 2_000_000 }}
"""


def broker_of(gateway: GatewayProcess) -> int | None:
    """The process of the broker that the gateway runs, None while there is none."""
    for pid in descendants(gateway.pid):
        with contextlib.suppress(OSError):
            if Path(f"/proc/{pid}/exe").resolve().name.startswith("nats-server"):
                return pid
    return None


class BrokerKills:
    """Kills the broker as time goes by, and counts."""

    def __init__(self, gateway: GatewayProcess) -> None:
        self._gateway = gateway
        self.count = 0

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await asyncio.sleep(KILL_EVERY_S)
            broker = broker_of(self._gateway)
            if broker is not None:
                os.kill(broker, signal.SIGKILL)
                self.count += 1


@contextlib.asynccontextmanager
async def joined(gateway: GatewayProcess, engines: Sequence[Node], folder: Path) -> AsyncIterator[list[NodeProcess]]:
    """A node for each engine, all serving."""
    async with contextlib.AsyncExitStack() as stack:
        nodes = []
        for engine in engines:
            made = await gateway.ask("/v1/nodes/invites", {"name": engine.name}, key=ADMIN)
            words = ("--join", made.json()["token"], "--engine", f"sglang+{engine.url}", "--slots", str(SLOTS))
            nodes.append(await stack.enter_async_context(NodeProcess(folder / engine.name, *words)))
        async with asyncio.timeout(SERVING_S_MAX):
            while True:
                told = (await gateway.ask("/health")).json()["models"]
                if any(model["id"] == MODEL and model["nodes"] == len(nodes) for model in told):
                    break
                await asyncio.sleep(0.1)
        yield nodes


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("kind", ["text", "schema"])
async def test_a_killed_broker_fails_nobody(tmp_path: Path, requests: int, seed: int, tell: Tell, kind: Kind) -> None:
    """Every ten seconds the broker dies, every seven an engine: no stream fails, none differs in a byte."""
    stories = [story(number, kind, seed) for number in range(requests)]
    journal, verdicts, chance = Journal(), Verdicts(), random.Random(seed)
    engines = scripted(NODES, tmp_path, journal)
    async with started(*engines), gateway_over(SETTINGS, tmp_path) as (gateway, books):
        async with joined(gateway, engines, tmp_path):
            load, kills = Load(gateway.url, KEY), BrokerKills(gateway)
            engine_kills = lambda: kill_in_turn(engines, every_s=NODE_KILL_EVERY_S, chance=chance)  # noqa: E731
            async with aside(kills.run), aside(engine_kills):
                await asyncio.gather(
                    load.raw(stories[::2], clients=CLIENTS // 2, on_answer=verdicts.note),
                    load.sdk(stories[1::2], clients=CLIENTS // 2, on_answer=verdicts.note),
                )
        tell(
            f"G16 {kind}",
            figure={"requests": verdicts.count, "failed": len(verdicts.broken)},
            limit={"failed": 0},
            injected={
                "broker_kills": kills.count,
                "engine_kills": sum(engine.kills for engine in engines),
                "continued": journal.continued,
                "replayed": journal.replayed,
                "retried": journal.retried,
            },
        )
        verdicts.require_none_broken()
        assert kills.count >= min(KILLS_MIN, requests // 500)
        await books.require_sound(stories)
