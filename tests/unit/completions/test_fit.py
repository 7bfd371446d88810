"""Whether a conversation fits: into the limit that its request sets, and into the model's context."""

from __future__ import annotations

import asyncio

import msgspec
import pytest

from antiphon.chat import ChatRequest, Message, Sampling
from antiphon.completions.fit import fitted, prompt_tokens
from antiphon.completions.plan import Plan
from antiphon.errors import BadRequest, EngineFailed, FirstTokenTimeout, Unavailable
from tests.unit.completions.scripted import ASKED, ScriptedEngine, model_of, plan_of

LONG = Message("user", "x" * 2000)


def plan_with(
    engine: ScriptedEngine,
    *messages: Message,
    context: int | None = 1000,
    asked: int | None = None,
    default: int | None = None,
    **fields: object,
) -> Plan:
    """A plan for these messages on a model with that context; `default` is the model's own limit."""
    request = msgspec.structs.replace(ASKED, messages=messages, sampling=Sampling(max_tokens=asked), **fields)
    model = msgspec.structs.replace(model_of(engine), context_length=context)
    return plan_of(model, request, sampling=Sampling(max_tokens=default if asked is None else asked))


@pytest.mark.parametrize("context", [None, 1000])
async def test_what_fits_for_sure_is_not_counted(context: int | None) -> None:
    """Nor is anything where no context is known."""
    engine = ScriptedEngine(prompt_tokens=5)
    plan = plan_with(engine, *ASKED.messages, context=context, asked=100)
    assert await fitted(plan) is plan
    assert engine.jobs == []


async def test_a_prompt_in_doubt_is_counted_by_an_engine() -> None:
    """What leaves room for the answer goes through as it is."""
    engine = ScriptedEngine(prompt_tokens=500)
    plan = plan_with(engine, LONG, asked=500)
    assert await fitted(plan) is plan
    assert len(engine.jobs) == 1


async def test_a_prompt_that_fills_the_context_is_refused() -> None:
    """With both numbers."""
    with pytest.raises(BadRequest, match="the prompt has 1000 tokens, the model's context is 1000") as refused:
        await fitted(plan_with(ScriptedEngine(prompt_tokens=1000), LONG))
    assert (refused.value.param, refused.value.code) == ("messages", "context_length_exceeded")


async def test_a_default_is_lowered_and_an_explicit_limit_refused() -> None:
    """Unless the door shortens that too."""
    engine = ScriptedEngine(prompt_tokens=990)
    assert (await fitted(plan_with(engine, LONG, default=50))).sampling.max_tokens == 10
    assert (await fitted(plan_with(engine, LONG, asked=50, shortens=True))).sampling.max_tokens == 10
    with pytest.raises(BadRequest) as refused:
        await fitted(plan_with(engine, LONG, asked=50))
    assert refused.value.param == "max_tokens"


@pytest.mark.parametrize("counted", [5, None, Unavailable("Gone.")])
@pytest.mark.parametrize("asked", [1000, 1001, 10**12])
async def test_an_explicit_limit_as_large_as_the_context_is_refused(
    counted: int | Unavailable | None, asked: int
) -> None:
    """Whether or not an engine can count; it is not even asked."""
    engine = ScriptedEngine(prompt_tokens=counted)
    with pytest.raises(
        BadRequest, match=f"max_tokens: {asked} leaves no room for a prompt.* context of 1000"
    ) as refused:
        await fitted(plan_with(engine, *ASKED.messages, asked=asked))
    assert (refused.value.param, refused.value.code) == ("max_tokens", "context_length_exceeded")
    assert engine.jobs == []


async def test_what_need_not_be_refused_is_lowered_by_a_careful_guess() -> None:
    """A default, and what a door shortens, where no engine can count; at least one token is left."""
    engine = ScriptedEngine()
    for said in ({"default": 2000}, {"asked": 2000, "shortens": True}):
        plan = await fitted(plan_with(engine, Message("user", "x" * 300), **said))
        assert plan.sampling.max_tokens == 1000 - 32 - 100
        plan = await fitted(plan_with(engine, Message("user", "x" * 30_000), **said))
        assert plan.sampling.max_tokens == 1


async def test_older_turns_go_until_the_limit_is_kept() -> None:
    """As the engine counts, and by a careful guess where it cannot."""
    old, new = Message("user", "y" * 900), Message("user", "Hi")
    answer = Message("assistant", "Yes.")
    plan = plan_with(ScriptedEngine(), old, answer, new, context=None, prompt_tokens_max=80)
    shorter = await fitted(plan)
    assert shorter.request.messages == (answer, new)
    assert shorter.turns_dropped == 1


async def test_older_turns_go_where_the_context_has_no_room_for_them() -> None:
    """Only where the request says so, with room for the answer that it wants; without a context nothing is known."""
    old, answer, new = Message("user", "x" * 900), Message("assistant", "y" * 30), Message("user", "z" * 30)
    plan = plan_with(ScriptedEngine(), old, answer, new, context=400, asked=300, drops_turns=True)
    assert (await fitted(plan)).request.messages == (answer, new)
    roomy = plan_with(ScriptedEngine(), old, answer, new, context=2000, asked=300, drops_turns=True)
    assert (await fitted(roomy)).request.messages == (old, answer, new)
    unknown = plan_with(ScriptedEngine(), old, answer, new, context=None, drops_turns=True)
    assert await fitted(unknown) is unknown


@pytest.mark.parametrize("failure", [EngineFailed("It broke."), Unavailable("Gone.")])
async def test_an_engine_that_cannot_count_decides_itself(failure: EngineFailed | Unavailable) -> None:
    """Then the plan goes out as it is."""
    plan = plan_with(ScriptedEngine(prompt_tokens=failure), LONG, asked=50)
    assert await prompt_tokens(plan) is None
    assert await fitted(plan) is plan


async def test_each_prompt_is_counted_by_itself() -> None:
    """By the number of one of its choices."""
    engine = ScriptedEngine(prompt_tokens=3)
    plan = plan_of(model_of(engine), ChatRequest("m", (), n=2, prompts=("one", "two")))
    assert await prompt_tokens(plan, 2) == 3
    assert [job.prompt for job in engine.jobs] == ["two"]


async def test_counting_is_part_of_the_wait_for_the_first_token() -> None:
    """Where that is over, the count is not waited for."""

    class Silent(ScriptedEngine):
        """Never counts."""

        async def count_prompt_tokens(self, job: object) -> int | None:
            """Wait for ever."""
            await asyncio.Event().wait()
            return None

    with pytest.raises(FirstTokenTimeout):
        await prompt_tokens(plan_of(model_of(Silent()), first_token_s=0.01))
