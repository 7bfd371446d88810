"""Scripted nodes killed below many clients: every answer is exact to the byte, and so are the books."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path

import pytest

from .clients import Load
from .conftest import Tell
from .journal import Journal
from .lab import KEY, Verdicts, gateway_over, kill_in_turn, upstreams
from .processes import aside, started
from .scripted import scripted
from .stories import HABITS, Kind, story

NODES = 4
CLIENTS = 100
KILL_EVERY_S = 5.0
WANDERED_SHARE_MIN = 0.02  # of all answers


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("kind", ["text", "schema", "tools", "pair"])
async def test_killed_nodes_fail_nobody(tmp_path: Path, requests: int, seed: int, tell: Tell, kind: Kind) -> None:
    """While one of four nodes is killed every five seconds no stream fails, and none differs in a byte."""
    stories = [story(number, kind, seed) for number in range(requests)]
    journal, verdicts = Journal(), Verdicts()
    nodes = scripted(NODES, tmp_path, journal)
    async with started(*nodes):
        settings = upstreams(nodes, kind="sglang", upstream_name=HABITS.model)
        async with gateway_over(settings, tmp_path) as (gateway, books):
            load, chance = Load(gateway.url, KEY), random.Random(seed)
            async with aside(lambda: kill_in_turn(nodes, every_s=KILL_EVERY_S, chance=chance)):
                await asyncio.gather(
                    load.raw(stories[::2], clients=CLIENTS // 2, on_answer=verdicts.note),
                    load.sdk(stories[1::2], clients=CLIENTS // 2, on_answer=verdicts.note),
                )
            tell(
                f"G1 {kind}" if kind == "text" else f"G2 {kind}",
                figure={"requests": verdicts.count, "failed": len(verdicts.broken)},
                limit={"failed": 0},
                injected={
                    "kills": sum(node.kills for node in nodes),
                    "continued": journal.continued,
                    "replayed": journal.replayed,
                    "retried": journal.retried,
                },
            )
            verdicts.require_none_broken()
            assert journal.wandered >= WANDERED_SHARE_MIN * requests
            await books.require_sound(stories)
