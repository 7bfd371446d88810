"""Prompts that kill engines."""

from __future__ import annotations

import msgspec
import pytest

from antiphon.chat import Message
from antiphon.completions.poison import BLOCKED_S, PROMPTS_MAX, SAME_DEATH_S, Poison
from antiphon.engines import ModelFacts
from antiphon.errors import EngineFailed, PoisonPrompt
from tests.unit.completions.scripted import ASKED, ScriptedEngine, model_of, plan_of


class Clock:
    """Stands still until a test moves it."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        """The time."""
        return self.now


async def test_two_deaths_block_a_prompt_for_a_while() -> None:
    """And no other one; who was answered well is not to blame."""
    clock = Clock()
    poison = Poison(clock)
    plan = plan_of(model_of(ScriptedEngine()))
    other = plan_of(model_of(ScriptedEngine()), msgspec.structs.replace(ASKED, messages=(Message("user", "Ho"),)))
    poison.check(plan)
    for _ in range(3):
        poison.killed(plan, "node-1")  # of three choices
    poison.check(plan)
    with pytest.raises(PoisonPrompt):
        poison.killed(plan, "node-2")
    with pytest.raises(PoisonPrompt):
        poison.check(plan)
    poison.check(other)
    clock.now = BLOCKED_S
    poison.check(plan)
    poison.killed(other, "node-1")
    poison.answered(other)
    poison.killed(other, "node-1")
    clock.now += SAME_DEATH_S
    with pytest.raises(PoisonPrompt):
        poison.killed(other, "node-1")


async def test_few_prompts_are_remembered() -> None:
    """Those suspected last."""
    poison = Poison(Clock())
    plans = [
        plan_of(model_of(ScriptedEngine()), msgspec.structs.replace(ASKED, messages=(Message("user", str(number)),)))
        for number in range(PROMPTS_MAX + 1)
    ]
    for plan in plans:
        poison.killed(plan, "node-1")
    poison.killed(plans[0], "node-2")
    with pytest.raises(PoisonPrompt):
        poison.killed(plans[-1], "node-2")


async def test_only_an_engine_without_a_sign_of_life_is_dead() -> None:
    """Whether it is known to be down, or does not answer."""

    class Mute(ScriptedEngine):
        async def models(self) -> list[ModelFacts]:
            """Breaks off."""
            raise EngineFailed

    poison = Poison(Clock())
    plan = plan_of(model_of(ScriptedEngine()))
    for _ in range(3):
        await poison.suspect(plan, ScriptedEngine())
    await poison.suspect(plan, ScriptedEngine(wait_s=1))
    with pytest.raises(PoisonPrompt):
        await poison.suspect(plan, Mute("node-2"))
