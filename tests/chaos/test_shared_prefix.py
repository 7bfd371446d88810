"""Conversations that share long beginnings, on four real nodes: what is read already is not read again.

The gateway's own placement is compared with two that a client makes by naming a node: each in turn, and the least busy.
"""

from __future__ import annotations

import asyncio
import random
import statistics
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest

from .conftest import Tell
from .processes import Node
from .prompts import prompt
from .proof import percentile
from .reading import Answer
from .real_nodes import MODEL, RealNodes, llama, real_nodes

NODES, SLOTS = 4, 1
GROUPS, TOKENS = 4, 12  # as many beginnings as slots
TURNS = {True: 6, False: 4}
CONVERSATIONS = {True: 48, False: 16}
AT_ONCE = 3
SHARED_CHARACTERS = 1600  # some 400 tokens
FEWER_MIN, SOONER_MIN = 0.7, 2.0
SLACK = 1.1  # of p95, on a machine that others use
JSON = Any  # Any: messages
Chosen = Callable[[dict[str, int]], str]  # the model to ask for, by how many requests each node has
Way = Callable[[list[Node]], Chosen]

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3600)]


@dataclass
class Run:
    """What one way of placing came to."""

    prefilled: int = 0
    prompted: int = 0
    first_s: list[float] = field(default_factory=list)
    failed: int = 0

    def note(self, answer: Answer) -> None:
        """Take one answer."""
        if answer.error is not None or answer.first_token_s is None or not answer.usages:
            self.failed += 1
            return
        usage = answer.usages[-1]
        cached = (usage.get("prompt_tokens_details") or {}).get("cached_tokens") or 0
        self.prompted += usage["prompt_tokens"]
        self.prefilled += usage["prompt_tokens"] - cached
        self.first_s.append(answer.first_token_s)


@dataclass
class Desk:
    """Who names the node, and what each has to do."""

    chosen: Chosen
    busy: dict[str, int]


def shared_prompt(group: int) -> str:
    """The long beginning that all conversations of a group have."""
    sentences = [f"Rule {number} of house {group}: {prompt(number + 31 * group)}" for number in range(80)]
    return " ".join(sentences)[:SHARED_CHARACTERS]


async def conversation(lab: RealNodes, desk: Desk, run: Run, number: int, *, turns: int) -> None:
    """One conversation, turn by turn."""
    messages: list[JSON] = [{"role": "system", "content": shared_prompt(number % GROUPS)}]
    for turn in range(turns):
        messages.append({"role": "user", "content": f"({number}) {prompt(number * turns + turn)}"})
        model = desk.chosen(desk.busy)
        desk.busy[model] = desk.busy.get(model, 0) + 1
        body = {"model": model, "messages": messages, "temperature": 0, "max_tokens": TOKENS, "stream": True}
        answer = await lab.load.ask(body | {"stream_options": {"include_usage": True}})
        desk.busy[model] -= 1
        run.note(answer)
        messages.append({"role": "assistant", "content": answer.choices[0].text if answer.choices else "-"})


async def placed(folder: Path, way: Way, *, conversations: int, turns: int) -> Run:
    """All conversations on nodes that know nothing yet."""
    run, nodes = Run(), [llama(f"llama-{number}", folder, slots=SLOTS) for number in range(NODES)]
    waiting = iter(range(conversations))
    async with real_nodes(folder, *nodes, slots=SLOTS) as lab:
        desk = Desk(way(nodes), {node.name: 0 for node in nodes})

        async def client() -> None:
            for number in waiting:
                await conversation(lab, desk, run, number, turns=turns)

        await asyncio.gather(*(client() for _ in range(AT_ONCE)))
    return run


def by_gateway(_: list[Node]) -> Chosen:
    """The gateway places."""
    return lambda _: MODEL


def in_turn(nodes: list[Node]) -> Chosen:
    """Each node in turn."""
    turns = cycle([node.name for node in nodes])
    return lambda _: next(turns)


def least_busy(nodes: list[Node]) -> Chosen:
    """The node with the fewest requests, by chance among equals."""
    chance, names = random.Random(1), [node.name for node in nodes]
    return lambda busy: min(names, key=lambda name: (busy[name], chance.random()))


async def test_what_was_read_is_not_read_again(tmp_path: Path, full: bool, tell: Tell) -> None:
    """At least 70 % fewer tokens are read than in turn, first tokens come twice as soon, and none much later."""
    ways: dict[str, Way] = {"antiphon": by_gateway, "round_robin": in_turn, "least_busy": least_busy}
    for name in ways:
        (tmp_path / name).mkdir()
    size = {"conversations": CONVERSATIONS[full], "turns": TURNS[full]}
    runs = {name: await placed(tmp_path / name, way, **size) for name, way in ways.items()}
    ours, turns = runs["antiphon"], runs["round_robin"]
    fewer = 1 - ours.prefilled / turns.prefilled
    sooner = statistics.median(turns.first_s) / statistics.median(ours.first_s)
    p95 = {name: percentile(run.first_s, 0.95) for name, run in runs.items()}
    tell(
        "shared prefixes",
        figure={
            "prefilled": {name: run.prefilled for name, run in runs.items()},
            "prompted": ours.prompted,
            "fewer_than_round_robin": round(fewer, 3),
            "p50_sooner": round(sooner, 2),
            "p50_s": {name: round(statistics.median(run.first_s), 3) for name, run in runs.items()},
            "p95_s": {name: round(value, 3) for name, value in p95.items()},
        },
        limit={"fewer_min": FEWER_MIN, "p50_sooner_min": SOONER_MIN, "p95_of_least_busy_max": SLACK},
        injected=size,
    )
    assert not any(run.failed for run in runs.values())
    assert fewer >= FEWER_MIN
    assert sooner >= SOONER_MIN
    assert p95["antiphon"] <= SLACK * p95["least_busy"]
