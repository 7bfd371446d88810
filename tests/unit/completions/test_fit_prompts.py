"""Whether prompts fit into a model's context, and what each leaves for its answer."""

from __future__ import annotations

import msgspec
import pytest

from antiphon.chat import ChatRequest, Prompt, Sampling
from antiphon.completions.fit_prompts import check_prompts, prompts_fitted, tokens_max
from antiphon.completions.plan import Plan
from antiphon.errors import BadRequest, EngineFailed
from tests.unit.completions.scripted import ScriptedEngine, model_of, plan_of


def plan_with(
    engine: ScriptedEngine,
    *prompts: Prompt,
    context: int | None = 100,
    asked: int | None = None,
    default: int | None = None,
    **fields: object,
) -> Plan:
    """A plan for these prompts on a model with that context; `default` is the model's own limit."""
    request = ChatRequest("m", (), sampling=Sampling(max_tokens=asked), prompts=prompts)
    request = msgspec.structs.replace(request, **fields)
    model = msgspec.structs.replace(model_of(engine), context_length=context)
    return plan_of(model, request, sampling=Sampling(max_tokens=default if asked is None else asked))


async def test_what_fits_for_sure_is_not_counted() -> None:
    """No token is shorter than a byte, so that a short text needs no engine."""
    engine = ScriptedEngine(prompt_tokens=5)
    plan = plan_with(engine, "a short text", (1, 2, 3), asked=50)
    assert await prompts_fitted(plan) is plan
    assert engine.jobs == []


async def test_a_prompt_in_doubt_is_counted_by_an_engine() -> None:
    """As the text that it is, with its own place among the choices."""
    engine = ScriptedEngine(prompt_tokens=60)
    plan = plan_with(engine, "short", "x" * 90, asked=30, n=2)
    assert await prompts_fitted(plan) is plan
    assert [job.prompt for job in engine.jobs] == ["x" * 90]


@pytest.mark.parametrize(("prompts", "place"), [(("x" * 200,), "prompt"), (("a", "x" * 200), "prompt[1]")])
async def test_a_prompt_that_is_too_long_is_named(prompts: tuple[str, ...], place: str) -> None:
    """By its place where there are several, with both numbers."""
    with pytest.raises(BadRequest, match="100 tokens, the model's context is 100") as refused:
        await prompts_fitted(plan_with(ScriptedEngine(prompt_tokens=100), *prompts, asked=1))
    assert (refused.value.param, refused.value.code) == (place, "context_length_exceeded")


async def test_an_explicit_limit_that_does_not_fit_is_refused() -> None:
    """Unless the door shortens answers instead."""
    engine = ScriptedEngine(prompt_tokens=90)
    with pytest.raises(BadRequest) as refused:
        await prompts_fitted(plan_with(engine, "x" * 200, asked=11))
    assert refused.value.param == "max_tokens"
    shortened = await prompts_fitted(plan_with(engine, "x" * 200, asked=11, shortens=True))
    assert shortened.sampling.max_tokens == 10


@pytest.mark.parametrize("asked", [100, 101])
async def test_an_explicit_limit_as_large_as_the_context_is_refused(asked: int) -> None:
    """Though no engine can count."""
    with pytest.raises(BadRequest, match=f"max_tokens: {asked} leaves no room for a prompt") as refused:
        await prompts_fitted(plan_with(ScriptedEngine(), "x", asked=asked))
    assert (refused.value.param, refused.value.code) == ("max_tokens", "context_length_exceeded")


async def test_what_need_not_be_refused_is_lowered_by_a_careful_guess() -> None:
    """A default, and what a door shortens, where no engine can count; at least one token is left."""
    for said in ({"default": 200}, {"asked": 200, "shortens": True}):
        plan = await prompts_fitted(plan_with(ScriptedEngine(), "x" * 30, **said))
        assert plan.sampling.max_tokens == 100 - 8 - 10
        plan = await prompts_fitted(plan_with(ScriptedEngine(), "x" * 3000, **said))
        assert plan.sampling.max_tokens == 1


@pytest.mark.parametrize("default", [None, 50])
async def test_what_nobody_asked_for_is_what_the_context_leaves(default: int | None) -> None:
    """A model's default is lowered, and no limit at all becomes the end of the context."""
    engine = ScriptedEngine(prompt_tokens=90)
    assert (await prompts_fitted(plan_with(engine, "x" * 200, default=default))).sampling.max_tokens == 10


async def test_the_longest_prompt_decides() -> None:
    """All answers of a request have one limit."""
    engine = ScriptedEngine()
    plan = await prompts_fitted(plan_with(engine, (1,) * 30, (1,) * 70, (1,) * 40))
    assert plan.sampling.max_tokens == 30
    assert engine.jobs == []  # token ids are counted by themselves


@pytest.mark.parametrize("told", [None, EngineFailed("It broke.")])
async def test_an_engine_that_cannot_count_decides_itself(told: EngineFailed | None) -> None:
    """Then the plan goes out as it is."""
    plan = plan_with(ScriptedEngine(prompt_tokens=told), "x" * 200, asked=50)
    assert await prompts_fitted(plan) is plan


async def test_a_context_that_is_not_known_bounds_nothing() -> None:
    """No engine is asked."""
    engine = ScriptedEngine(prompt_tokens=5)
    plan = plan_with(engine, "x" * 500, context=None)
    assert await prompts_fitted(plan) is plan
    assert engine.jobs == []


def test_bounds_of_a_prompt() -> None:
    """Token ids are as many as they are; a character has at most four bytes."""
    assert tokens_max((1, 2, 3)) == 3
    assert tokens_max("ab") == 10
    assert tokens_max("aé") == 16


def test_tokens_that_a_model_does_not_have() -> None:
    """Named with their place; a vocabulary that is not known has all of them."""
    check_prompts(("text", (1, 99)), 100, "prompt")
    check_prompts(((100,),), None, "prompt")
    with pytest.raises(BadRequest, match="no token 100, its last one is 99") as refused:
        check_prompts(((1, 100),), 100, "prompt")
    assert refused.value.param == "prompt"
    with pytest.raises(BadRequest) as refused:
        check_prompts(("a", (100,)), 100, "input")
    assert refused.value.param == "input[1]"
