"""Thoughts that outlive their engines, by the wire of two kinds: inside the thought, and behind it."""

from __future__ import annotations

import asyncio

import pytest

from antiphon.chat import ChatRequest, Delta, Message, Sampling
from antiphon.completions.generate import ChoiceStream
from antiphon.completions.plan import Bounds, Caller, Plan
from antiphon.engines.kinds import kind
from antiphon.engines.thought import Thought
from antiphon.engines.upstream import HttpEngine
from antiphon.http.client import Pool
from antiphon.http.origin import Origin
from antiphon.ids import seeded
from antiphon.key import Key
from antiphon.models.catalogue import Model, Offer
from antiphon.models.placement import Placement
from antiphon.testing.fault_engine import FaultEngine
from antiphon.testing.faults import Fault
from antiphon.testing.plan import Habits
from antiphon.testing.script import Draws, Script

BOUNDS = Bounds(first_token_s=10, inter_token_s=10, total_s=10, total_s_max=10, heartbeat_s=10)
MARKED = Thought("<think>", "</think>")
ASKED = ChatRequest("m", (Message("user", "[[answer tokens=6 reasoning=5]] Think."),), Sampling(max_tokens=40))


async def read(offers: tuple[Offer, ...]) -> tuple[str, str, int]:
    """What was thought and said by these engines, and how many tokens that were."""
    now = asyncio.get_running_loop().time()
    plan = Plan(
        ASKED,
        Caller(Key("alice")),
        Model("m", offers),
        ASKED.sampling,
        begun_at=now,
        total_at=now + 10,
        first_token_at=now + 10,
    )
    choice = ChoiceStream(plan, 0, Placement(queue_max=9), bounds=BOUNDS, ids=seeded(1))
    deltas: list[Delta] = []
    try:
        await choice.start()
        while (some := await choice.next()) != []:
            deltas += some or []
    finally:
        choice.close()
    assert choice.usage is not None
    thought, said = "".join(delta.reasoning for delta in deltas), "".join(delta.content for delta in deltas)
    return thought, said, choice.usage.completion_tokens


@pytest.mark.parametrize("name", ["llama.cpp", "vllm"])
@pytest.mark.parametrize("ks", [(2,), (5,), (7,), (2, 2, 4)])
async def test_thoughts_go_on(name: str, ks: tuple[int, ...]) -> None:
    """The thought and the answer are those of an engine that nothing happened to."""
    either = Draws()
    habits = Habits(prefill_needs_flags=name == "vllm")
    async with FaultEngine(habits, shared=either) as a, FaultEngine(habits, shared=either) as b:
        pools = [Pool(Origin.parse(engine.url.removesuffix("/v1"))) for engine in (a, b)]
        engines = [HttpEngine(f"node-{i}", pool, kind(name)) for i, pool in enumerate(pools)]
        offers = tuple(Offer(engine, "m", thought=MARKED) for engine in engines)
        whole = await read(offers)
        either.apply(Script(push=[Fault(name="close", k=k) for k in ks]))
        broken = await read(offers)
        assert a.record.struck + b.record.struck == len(ks)
        for engine in engines:
            await engine.close()
    assert broken[:2] == whole[:2]
    assert whole[2] == 11
