"""Networks that fail in one direction only: what was under way is whole when they have healed.

TCP keeps such a connection for minutes, since one side goes on hearing the other.
"""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path

import pytest

from antiphon.testing.fault_engine import FaultEngine
from antiphon.testing.gateway_process import GatewayProcess
from antiphon.testing.node_process import NodeProcess
from antiphon.testing.plan import Habits
from tests.integration.nodes_lab import nats_server
from tests.integration.nodes_networks import (
    HOME,
    NODE,
    OUTSIDE,
    ROUTER,
    SETTINGS,
    TAKES_ROOT,
    Lab,
    drop,
    engine,
    heal,
    inside,
    lab,
    link,
    networks,
    text,
)

__all__ = ["engine", "lab", "networks"]  # fixtures
pytestmark = TAKES_ROOT
UNSEEN_S = 1.5  # shorter than what is taken for a break
SEEN_S_MAX = 15.0
BROKER_PORT = 14_222
BEGUN_S = 1.0  # of a stream of four seconds


async def begun(lab: Lab) -> asyncio.Task[str]:
    """A stream in its middle."""

    async def said() -> str:
        return text(await lab.ask())

    running = asyncio.create_task(said())
    await asyncio.sleep(BEGUN_S)
    return running


async def refused(lab: Lab) -> None:
    """Return once requests are refused with a time to come again, at once and not after a wait."""
    async with asyncio.timeout(SEEN_S_MAX):
        while (answer := await lab.ask()).status == 200:
            pass
    assert (answer.status, "retry-after" in answer.headers) == (503, True)


@pytest.mark.parametrize("rule", [f"ip saddr {NODE}", f"ip daddr {NODE}"], ids=["nothing-from-it", "nothing-to-it"])
async def test_a_node_that_is_heard_one_way(lab: Lab, engine: str, tmp_path: Path, rule: str) -> None:
    """For a moment nobody notices; for long the node is gone, its stream waits, and it comes back with its lease."""
    words = ("--join", await lab.token(), "--engine", engine, "--slots", "8")
    async with NodeProcess(tmp_path / "node", *words, before=inside()) as node:
        assert await lab.presence("serving") == 1
        undisturbed = text(await lab.ask())
        running = await begun(lab)
        drop("forward", rule)
        await asyncio.sleep(UNSEEN_S)
        assert heal() > 0
        assert await running == undisturbed
        running = await begun(lab)
        drop("forward", rule)
        await lab.presence("gone")
        await refused(lab)
        assert heal() > 0
        assert await lab.presence("serving") == 1
        assert await running == undisturbed
        assert text(await lab.ask()) == undisturbed
        assert node.alive


@pytest.mark.parametrize("hook", ["input", "output"], ids=["nothing-from-it", "nothing-to-it"])
async def test_a_gateway_that_is_heard_one_way(networks: None, engine: str, tmp_path: Path, hook: str) -> None:
    """Between a gateway and its broker, while the node and the broker hear each other."""
    link("up")
    broker = f"{ROUTER}:{BROKER_PORT}"
    async with contextlib.AsyncExitStack() as stack:
        other = await stack.enter_async_context(FaultEngine(Habits(model="other")))
        pepper = '[auth]\npepper = "0123456789abcdef0123456789abcdef"\n'
        settings = SETTINGS.replace('listen = "0.0.0.0:0"', f'nats = ["nats://{broker}"]').format(url=other.url)
        database = f'[database]\nurl = "sqlite:///{tmp_path / "shared.db"}"\n'
        file = tmp_path / "printed.toml"
        file.write_text(f'data_dir = "{tmp_path / "data"}"\n{pepper}{database}{settings}', encoding="utf-8")
        outside = ("ip", "netns", "exec", HOME)
        await stack.enter_async_context(nats_server(file, tmp_path, broker, before=outside))
        gateway = await stack.enter_async_context(GatewayProcess(f"{pepper}{database}{settings}", tmp_path))
        lab = Lab(gateway)
        words = ("--join", await lab.token(), "--engine", engine, "--slots", "8")
        await stack.enter_async_context(NodeProcess(tmp_path / "node", *words, before=inside()))
        assert await lab.presence("serving") == 1
        undisturbed = text(await lab.ask())
        rule = f"ip {'saddr' if hook == 'input' else 'daddr'} {OUTSIDE} tcp {'dport' if hook == 'input' else 'sport'}"
        for lasts_s in (UNSEEN_S, SEEN_S_MAX / 2):
            running = await begun(lab)
            drop(hook, f"{rule} {BROKER_PORT}")
            await asyncio.sleep(lasts_s)
            if lasts_s > UNSEEN_S:
                await refused(lab)
            assert heal() > 0
            assert await running == undisturbed
            assert await lab.presence("serving") == 1
        assert text(await lab.ask()) == undisturbed
