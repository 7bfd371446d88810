"""A thought that is ended by the gateway: the engine is stopped, then goes on with its answer."""

from __future__ import annotations

import asyncio

import pytest
from msgspec.structs import replace

from antiphon.chat import Delta, Message, Reasoning, Sampling, Usage
from antiphon.completions.budget import BudgetedStream
from antiphon.completions.generate import ChoiceStream
from antiphon.engines import Job
from antiphon.engines.thought import OFF, Thought
from antiphon.errors import EngineFailed
from antiphon.ids import seeded
from antiphon.models.catalogue import Model, Offer
from antiphon.models.placement import Placement
from tests.unit.completions.scripted import ASKED, BOUNDS, ScriptedEngine, Step, plan_of
from tests.unit.engines.connected import deltas, job

THOUGHT = Thought("<think>", "</think>", bounded_by="gateway", constrained=False)
ANSWER: tuple[Step, ...] = ([Delta(content="So")], [Delta(finish_reason="stop")])


def thoughts(*words: str) -> tuple[Step, ...]:
    """Each word arrives by itself."""
    return tuple([Delta(reasoning=word)] for word in words)


async def opened(engine: ScriptedEngine, *, tokens_max: int, asked: Job | None = None) -> BudgetedStream:
    """A stream on this engine."""
    asked = asked or job()
    return BudgetedStream(engine, asked, await engine.open(asked), THOUGHT, tokens_max)


async def test_a_thought_is_ended_at_its_bound() -> None:
    """The first attempt is closed; the second is asked to go on behind what was thought."""
    engine = ScriptedEngine(opens=(thoughts("a", "b", "c", "d"), ANSWER), usage=Usage(20, 2))
    stream = await opened(engine, tokens_max=3)
    told = await deltas(stream)
    assert "".join(delta.reasoning for delta in told) == "abc"
    assert "".join(delta.content for delta in told) == "So"
    assert engine.streams[0].closed
    assert not engine.streams[1].closed
    assert engine.jobs[1].messages[-1] == Message("assistant", "<think>\nabc\n</think>\n\n")
    assert engine.jobs[1].thinking == OFF


async def test_thoughts_count_once() -> None:
    """As completion and as thinking, not as the prompt that the second attempt read."""
    engine = ScriptedEngine(opens=(thoughts("a", "b", "c"), ANSWER), usage=Usage(20, 2))
    stream = await opened(engine, tokens_max=3)
    await deltas(stream)
    assert stream.usage == Usage(prompt_tokens=17, completion_tokens=5, reasoning_tokens=3)


async def test_what_arrives_together_is_cut_at_the_bound() -> None:
    """What was thought beyond it is not told."""
    together: tuple[Step, ...] = ([Delta(reasoning=word) for word in "abcde"],)
    stream = await opened(ScriptedEngine(opens=(together, ANSWER)), tokens_max=2)
    assert "".join(delta.reasoning for delta in await deltas(stream)) == "ab"


@pytest.mark.parametrize("steps", [(*thoughts("a", "b"), *ANSWER), ANSWER])
async def test_a_shorter_thought_is_left_alone(steps: tuple[Step, ...]) -> None:
    """One attempt, with the engine's own usage."""
    engine = ScriptedEngine(opens=(steps,))
    stream = await opened(engine, tokens_max=3)
    assert "".join(delta.content for delta in await deltas(stream)) == "So"
    assert (len(engine.jobs), stream.usage) == (1, Usage(7, 2))


async def test_a_second_attempt_that_fails_is_the_choices_failure() -> None:
    """What was thought cannot be taken back."""
    engine = ScriptedEngine(opens=(thoughts("a"), EngineFailed("It broke.")))
    with pytest.raises(EngineFailed, match="It broke"):
        await deltas(await opened(engine, tokens_max=1))


async def test_closing_stops_the_attempt_that_runs() -> None:
    """The second one, once it has begun."""
    engine = ScriptedEngine(opens=(thoughts("a"), ANSWER))
    stream = await opened(engine, tokens_max=1)
    await stream.next(asyncio.get_running_loop().time() + 1)
    stream.close()
    assert [attempt.closed for attempt in engine.streams] == [True, True]


async def test_a_choice_keeps_the_bound_for_an_engine_that_does_not() -> None:
    """A share of its tokens, from the request to the second attempt."""
    engine = ScriptedEngine(opens=(thoughts(*"abcdefghij"), ANSWER))
    model = Model(id="m", offers=(Offer(engine, "upstream-m", thought=THOUGHT),))
    request = replace(ASKED, sampling=Sampling(max_tokens=20), reasoning=Reasoning(effort="low"))
    choice = ChoiceStream(plan_of(model, request), 0, Placement(queue_max=9), bounds=BOUNDS, ids=seeded(1))
    await choice.start()
    told: list[Delta] = []
    while (some := await choice.next()) != []:
        told += some or []
    assert "".join(delta.reasoning for delta in told) == "abcd"
    assert engine.jobs[1].sampling.max_tokens == 16
