"""A node in a network of its own, behind a router that translates addresses: nobody outside can reach it."""

from __future__ import annotations

import asyncio
from pathlib import Path

from antiphon.testing.node_process import NodeProcess
from tests.integration.nodes_networks import (
    TAKES_ROOT,
    Lab,
    engine,
    inside,
    lab,
    link,
    listening,
    networks,
    reachable,
    text,
)

__all__ = ["engine", "lab", "networks"]  # fixtures
pytestmark = TAKES_ROOT
CUT_S = 1.5  # shorter than what is taken for a node that is gone


async def test_a_node_behind_nat(lab: Lab, engine: str, tmp_path: Path) -> None:
    """It joins with one line, serves, is cut off for a moment and for long, and comes back by itself."""
    words = ("--join", await lab.token(), "--engine", engine, "--slots", "8")
    async with NodeProcess(tmp_path / "node", *words, before=inside()) as node:
        assert await lab.presence("serving") == 1
        assert not reachable()
        undisturbed = text(await lab.ask())
        running = asyncio.create_task(lab.ask())
        await asyncio.sleep(1)
        link("down")
        await asyncio.sleep(CUT_S)
        link("up")
        assert text(await running) == undisturbed  # no gap, no repeat
        running = asyncio.create_task(lab.ask())
        await asyncio.sleep(1)
        link("down")
        await lab.presence("gone")
        refused = await lab.ask()
        assert (refused.status, "retry-after" in refused.headers) == (503, True)
        link("up")
        assert await lab.presence("serving") == 1  # the same lease
        assert text(await running) == undisturbed  # it waited for a node to go on at
        assert text(await lab.ask()) == undisturbed
        assert node.alive


async def test_the_embedded_model_behind_nat(lab: Lab, tmp_path: Path) -> None:
    """One line is all: the small model is found, fits, is measured and answers; no port is open for it."""
    async with NodeProcess(tmp_path / "node", "--join", await lab.token(), before=inside()) as node:
        await lab.presence("serving")
        speed = await node.wait_for("speed")
        assert speed["prefill"] > 0
        assert speed["decode"] > 0
        assert listening() == ""
        assert text(await lab.ask("smollm2:135m"))
        assert await node.stop() == 0
