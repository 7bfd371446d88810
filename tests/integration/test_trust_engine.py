"""The real engine held against itself: an honest node is never accused, and each kind of liar is found."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path
from random import Random
from typing import Any

import pytest
import pytest_asyncio
from msgspec.structs import replace

from antiphon.chat import Choice, Logprob, Message, Sampling, Usage
from antiphon.clock import SystemClock
from antiphon.db.open import open_database
from antiphon.engines import Engine, Job
from antiphon.engines.embedded.options import EngineOptions
from antiphon.engines.embedded.sockets import socket_folder
from antiphon.engines.embedded.supervisor import Supervisor
from antiphon.ids import seeded
from antiphon.modelfiles import resolve
from antiphon.sources.embedded import EmbeddedEngine
from antiphon.trust.examiner import Examiner
from antiphon.trust.model import Answer, Look, Outcome, Reference, Standing
from antiphon.trust.scoring import TOLERANCE
from antiphon.trust.service import Listeners, Trust
from tests.fixtures.trust.rounding import rounded

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]

READY_S = 60.0
SEED = 20_261_125
SHARE = 0.1
REQUESTS_MAX = 200
TEMPERATURES = (0.0, 0.3, 0.8, 1.0)
HONEST_ANSWERS = 60
TOPICS = ("rivers", "bread", "bicycles", "clocks", "gardens", "bridges", "letters", "harbours", "lamps", "wool", "maps")
ASKS = ("Tell me about {}.", "What are {} for?", "Write two sentences on {}.", "Explain {} to a child.")
LIE = "That is a good question, and there are many answers to it, of which this one is as good as any other."


class Engines:
    """Children that serve the same model, or one that claims to be it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._running: list[Supervisor] = []

    async def start(self, name: str, path: Path) -> Engine:
        """One more of them, once it can be asked."""
        supervisor = Supervisor(
            EngineOptions(model_name="small", model_path=str(path), context_length=1024, parallel=2),
            run_dir=socket_folder(self._folder),
            log_path=self._folder / f"{name}.log",
            clock=SystemClock(),
            random=Random(1),
            environ=dict(os.environ),
            on_change=lambda: None,
        )
        await supervisor.start()
        self._running.append(supervisor)
        assert await supervisor.wait_ready(READY_S)
        return EmbeddedEngine(name, supervisor)

    async def stop(self) -> None:
        """End all."""
        for supervisor in self._running:
            await supervisor.stop()


class Node:
    """A node that serves with an engine, and may change what that says.

    One that is sly serves with `honest`, and changes nothing, while it is asked for log-probabilities.
    """

    def __init__(self, engine: Engine, honest: Engine | None = None, **lies: Any) -> None:  # Any: of many types
        self.engine = engine
        self._honest = honest
        self.lies = lies
        self._random = Random(SEED)

    async def answered(self, number: int, look: Look) -> Answer:
        """The answer to one of many prompts, as its gateway has it."""
        asks = look == "asked"
        behaves = asks and self._honest is not None
        engine = self._honest if behaves and self._honest is not None else self.engine
        prompt = ASKS[number % len(ASKS)].format(TOPICS[number // len(ASKS) % len(TOPICS)])
        asked = Job("small", (Message("user", f"{prompt} ({number})"),), Sampling())
        unseen = Sampling(max_tokens=48, temperature=TEMPERATURES[number % len(TEMPERATURES)], seed=number)
        sampling = replace(unseen, logprobs=asks, top_logprobs=5 if asks else 0)
        choice, usage = await engine.complete(replace(asked, sampling=sampling))
        told = (choice.content or "", choice.logprobs or (), usage.completion_tokens)
        text, entries, tokens = told if behaves else self._changed(choice, usage)
        asked = replace(asked, sampling=unseen)
        return Answer("node", "small", f"req_{number}", asked, text, entries, tokens, asks, self.engine)

    def _changed(self, choice: Choice, usage: Usage) -> tuple[str, tuple[Logprob, ...], int]:
        entries, told = choice.logprobs or (), usage.completion_tokens
        if noise := self.lies.get("noise"):
            entries = tuple(self._moved(entry, noise) for entry in entries)
        return self.lies.get("text", choice.content or ""), entries, round(told * self.lies.get("inflation", 1))

    def _moved(self, entry: Logprob, noise: float) -> Logprob:
        gauss = self._random.gauss
        likely = [replace(one, logprob=min(0.0, one.logprob + gauss(0, noise))) for one in entry.top_logprobs]
        return replace(entry, logprob=min(0.0, entry.logprob + gauss(0, noise)), top_logprobs=likely)


class World:
    """The reference, an honest child, and one with weights of fewer bits."""

    def __init__(self, own: Engine, honest: Engine, rounded_: Engine) -> None:
        self.own = own
        self.honest = honest
        self.rounded = rounded_


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    """Three children, started at once."""
    folder = tmp_path_factory.mktemp("engines")
    path = resolve("smollm2:135m", data_dir=folder).path
    fewer = rounded(path, folder / "fewer.gguf", 12)
    engines = Engines(folder)
    files = (("own", path), ("honest", path), ("fewer", fewer))
    yield World(*await asyncio.gather(*(engines.start(name, file) for name, file in files)))
    await engines.stop()


async def watched(
    world: World, node: Node, folder: Path, requests: int, share: float
) -> tuple[list[Outcome], Any, int]:
    """What was found of a node, who was accused, and after how many requests."""
    outcomes: list[Outcome] = []
    accused: list[Standing] = []
    listeners = Listeners(outcomes.append, lambda _node, _factor: None, lambda one, _says: accused.append(one))
    database = open_database(None, data_dir=folder, clock=SystemClock())
    draw = Random(SEED)
    examiner = Examiner(lambda _model, _node: Reference(world.own, "small", TOLERANCE), draw=draw, ids=seeded(SEED))
    trust = Trust(database, examiner, listeners, share=share, draw=draw, clock=SystemClock(), ids=seeded(SEED))
    number = 0
    while number < requests and not accused:
        number += 1
        if look := trust.look(["node"]):
            trust.examine(await node.answered(number, look))
            await trust.turn()
    await database.close()
    return outcomes, accused, number


async def test_an_honest_node(world: World, tmp_path: Path) -> None:
    """The same weights in another process pass all checks but one in fifty, as the test allows for."""
    outcomes, accused, _ = await watched(world, Node(world.honest), tmp_path, HONEST_ANSWERS, 1.0)
    failed = [outcome.says for outcome in outcomes if outcome.failed]
    print(f"seed {SEED}: {len(outcomes)} checks of an honest node, failed: {failed}")
    assert len(failed) <= HONEST_ANSWERS // 50
    assert accused == []


@pytest.mark.parametrize(
    "lie",
    [
        {"bits": 3.6},
        {"noise": 0.5},
        {"inflation": 1.5},
        {"text": LIE},
        {"bits": 3.6, "sly": True},
        {"inflation": 1.5, "sly": True},
        {"text": LIE, "sly": True},
    ],
    ids="-".join,
)
async def test_a_liar(world: World, tmp_path: Path, lie: dict[str, Any]) -> None:
    """Weights of 3.6 bits for 4, made-up numbers, half as many tokens again, the same text for all.

    The sly ones do none of it while they are asked for log-probabilities.
    """
    engine = world.rounded if "bits" in lie else world.honest
    node = Node(engine, world.honest if "sly" in lie else None, **lie)
    outcomes, accused, number = await watched(world, node, tmp_path, REQUESTS_MAX, SHARE)
    print(f"seed {SEED}, {lie}: found after {number} requests, {len(outcomes)} checks, by {accused[0].accused}")
    assert accused
