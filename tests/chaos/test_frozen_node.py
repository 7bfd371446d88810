"""One node in four is frozen: it accepts and says nothing. Nobody waits long, and what it says later is not heard."""

from __future__ import annotations

import asyncio
import random
import time
from itertools import count
from pathlib import Path

import pytest

from .clients import Load
from .conftest import Tell
from .journal import Journal
from .lab import KEY, gateway_over, upstreams
from .processes import Node, aside, started
from .proof import percentile
from .reading import Answer, wrongs
from .scripted import scripted
from .stories import HABITS, Story, story

NODES, CLIENTS, ROUNDS = 4, 24, 5
CALM_S, FROZEN_S = 6.0, 25.0
BACK_S_MAX = 15.0
WORSE_MAX = 1.5
FIRST_TOKEN_S_MAX = 12.0

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]


class Watch:
    """First tokens as they come, by the moment at which they were asked for."""

    def __init__(self) -> None:
        self.answers = 0
        self.wrong: list[str] = []
        self.first: list[tuple[float, float]] = []

    def note(self, asked: Story, answer: Answer) -> None:
        """Judge one answer."""
        self.answers += 1
        self.wrong += wrongs(answer, asked)
        if answer.first_token_s is not None:
            self.first.append((answer.asked_at, answer.first_token_s))

    def p99_s(self, since: float, until: float) -> float:
        """Of what was asked for between these moments."""
        return percentile([first_s for at, first_s in self.first if since <= at < until], 0.99)


async def test_a_frozen_node_is_left_alone(tmp_path: Path, seed: int, tell: Tell) -> None:
    """Five times over: nobody waits twelve seconds, and fifteen seconds later all is as it was."""
    watch, chance = Watch(), random.Random(seed)
    nodes = scripted(NODES, tmp_path, Journal())
    ratios: list[float] = []
    async with started(*nodes):
        settings = upstreams(nodes, kind="sglang", upstream_name=HABITS.model)
        async with gateway_over(settings, tmp_path) as (gateway, _):
            load = Load(gateway.url, KEY)
            numbers = count()

            async def client() -> None:
                while True:
                    asked = story(next(numbers), "text", seed)
                    watch.note(asked, await load.ask(asked.body))

            async def clients() -> None:
                await asyncio.gather(*(client() for _ in range(CLIENTS)))

            async with aside(clients):
                for _ in range(ROUNDS):
                    ratios += [await frozen_once(watch, chance.choice(nodes))]
    longest_s = max(first_s for _, first_s in watch.first)
    tell(
        "G7",
        figure={
            "requests": watch.answers,
            "wrong": len(watch.wrong),
            "longest_first_token_s": round(longest_s, 2),
            "p99_ratios": [round(ratio, 2) for ratio in ratios],
        },
        limit={"wrong": 0, "longest_first_token_s": FIRST_TOKEN_S_MAX, "p99_ratio_median": WORSE_MAX},
        injected={"frozen": ROUNDS},
    )
    assert not watch.wrong, watch.wrong[:5]
    assert longest_s <= FIRST_TOKEN_S_MAX
    assert sorted(ratios)[ROUNDS // 2] <= WORSE_MAX


async def frozen_once(watch: Watch, node: Node) -> float:
    """Freeze a node and thaw it; how much slower first tokens are fifteen seconds after than before."""
    begun_at = time.monotonic()
    await asyncio.sleep(CALM_S)
    frozen_at = time.monotonic()
    node.freeze()
    try:
        await asyncio.sleep(FROZEN_S)
        ended_at = time.monotonic()
    finally:
        node.thaw()
    await asyncio.sleep(CALM_S)
    return watch.p99_s(frozen_at + BACK_S_MAX, ended_at) / watch.p99_s(begun_at, frozen_at)
