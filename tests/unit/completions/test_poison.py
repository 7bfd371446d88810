"""Prompts that kill engines."""

from __future__ import annotations

import msgspec
import pytest

from antiphon.chat import Message
from antiphon.completions.plan import Plan
from antiphon.completions.poison import BLOCKED_S, DYING_S, PROMPTS_MAX, SAME_DEATH_S, Poison
from antiphon.completions.suspicion import APART_S, FURTHER_TOKENS, Suspicion
from antiphon.engines import ModelFacts
from antiphon.errors import EngineFailed, PoisonPrompt
from antiphon.models.ask import NOWHERE
from tests.unit.completions.scripted import ASKED, ScriptedEngine, model_of, plan_of


class Clock:
    """Stands still until a test moves it."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        """The time."""
        return self.now


class Dead(ScriptedEngine):
    """Gives no sign of life."""

    async def models(self) -> list[ModelFacts]:
        """Breaks off."""
        raise EngineFailed


def asking(words: str = "Hi") -> Plan:
    """A plan of a prompt with these words."""
    return plan_of(model_of(ScriptedEngine()), msgspec.structs.replace(ASKED, messages=(Message("user", words),)))


async def died(poison: Poison, plan: Plan, engine: str, *, said: int = 0) -> Suspicion:
    """What falls on a prompt that went to an engine, which died soon after."""
    suspicion = Suspicion(poison, plan)
    suspicion.begin(engine)
    await suspicion.lost(Dead(engine), soon=True, said=said)
    suspicion.left()
    return suspicion


async def test_two_deaths_block_a_prompt_for_a_while() -> None:
    """And no other one; three choices tell of one death; who was answered well is not to blame."""
    clock = Clock()
    poison = Poison(clock)
    plan, other = asking(), asking("Ho")
    Suspicion(poison, plan).check()
    for _ in range(3):
        await died(poison, plan, "node-1")
    Suspicion(poison, plan).check()
    with pytest.raises(PoisonPrompt):
        await died(poison, plan, "node-2")
    with pytest.raises(PoisonPrompt):
        Suspicion(poison, plan).check()
    Suspicion(poison, other).check()
    clock.now = BLOCKED_S
    Suspicion(poison, plan).check()
    (await died(poison, other, "node-1")).cleared()
    await died(poison, other, "node-1")
    clock.now += SAME_DEATH_S
    with pytest.raises(PoisonPrompt):
        await died(poison, other, "node-1")


async def test_few_prompts_are_remembered() -> None:
    """Those suspected last."""
    poison = Poison(Clock())
    plans = [asking(str(number)) for number in range(PROMPTS_MAX + 1)]
    for plan in plans:
        await died(poison, plan, "node-1")
    await died(poison, plans[0], "node-2")
    with pytest.raises(PoisonPrompt):
        await died(poison, plans[-1], "node-2")


async def test_only_an_engine_without_a_sign_of_life_is_dead() -> None:
    """Whether it is known to be down, or does not answer."""
    suspicion = Suspicion(Poison(Clock()), asking())
    for _ in range(3):
        await suspicion.lost(ScriptedEngine(), soon=True)
    await suspicion.lost(ScriptedEngine(wait_s=1), soon=True)
    with pytest.raises(PoisonPrompt):
        await suspicion.lost(Dead("node-2"), soon=True)


@pytest.mark.parametrize(("soon", "said"), [(False, 0), (True, FURTHER_TOKENS)])
async def test_what_lived_through_it_is_cleared(soon: bool, said: int) -> None:
    """A prompt that was answered for a while, or got further than before, is none of those that kill."""
    poison = Poison(Clock())
    suspicion = await died(poison, asking(), "node-1")
    await suspicion.lost(Dead("node-2"), soon=soon, said=said)
    await suspicion.lost(Dead("node-3"), soon=soon, said=said)
    suspicion.check()


async def test_those_under_suspicion_keep_apart() -> None:
    """Until the first one has said more than before, and not for longer than they have patience; others go anywhere."""
    clock = Clock()
    poison = Poison(clock)
    one, two = [await died(poison, asking(words), "node-1") for words in ("one", "two")]
    one.begin("node-2")
    assert one.apart == NOWHERE
    assert two.apart == {"node-2"}
    assert Suspicion(poison, asking("three")).apart == NOWHERE
    one.heard()
    assert two.apart == NOWHERE
    one.left()
    one.begin("node-3")
    assert two.apart == {"node-3"}
    clock.now += APART_S
    assert two.apart == NOWHERE


async def test_what_was_being_answered_is_on_trial_for_a_while() -> None:
    """Its first new word does not show yet whether it would kill again."""
    poison = Poison(Clock())
    one, two = [await died(poison, asking(words), "node-1", said=2) for words in ("one", "two")]
    one.begin("node-2")
    one.heard()
    assert two.apart == {"node-2"}
    one.left()
    assert two.apart == NOWHERE


async def test_nobody_is_accused_of_what_another_may_have_done() -> None:
    """Two under suspicion that share a death are told apart by a third, for which there is no end of patience."""
    clock = Clock()
    poison = Poison(clock)
    innocent, guilty = [await died(poison, asking(words), "node-1") for words in ("one", "two")]
    for suspicion in (innocent, guilty):
        suspicion.begin("node-2")
    for suspicion in (innocent, guilty):
        await suspicion.lost(Dead("node-2"), soon=True)
        suspicion.left()
    clock.now += APART_S + SAME_DEATH_S
    innocent.begin("node-3")
    assert guilty.apart == {"node-3"}
    innocent.cleared()
    innocent.left()
    assert guilty.apart == NOWHERE
    guilty.begin("node-3")
    with pytest.raises(PoisonPrompt):
        await guilty.lost(Dead("node-3"), soon=True)
    innocent.check()


async def test_the_death_of_a_rival_counts_with_the_next() -> None:
    """Of two engines that were asked at once the first one's death says nothing until the second one dies too."""
    suspicion = Suspicion(Poison(Clock()), asking())
    suspicion.dropped(Dead("node-1"))
    assert not suspicion.suspected
    with pytest.raises(PoisonPrompt):
        await suspicion.lost(Dead("node-2"), soon=True)


async def test_where_engines_die_by_themselves_one_more_death_is_chance() -> None:
    """Once two have died whose prompts are all cleared; a minute later two deaths are enough again."""
    clock = Clock()
    poison = Poison(clock)
    for engine in ("node-1", "node-2"):
        for suspicion in [await died(poison, asking(f"{engine} {i}"), engine) for i in range(2)]:
            suspicion.cleared()
    clock.now += SAME_DEATH_S
    hit, again = asking("hit"), asking("again")
    for plan, engine in ((hit, "node-1"), (hit, "node-2"), (again, "node-3")):
        await died(poison, plan, engine)
    with pytest.raises(PoisonPrompt):
        await died(poison, hit, "node-3")
    clock.now += DYING_S
    with pytest.raises(PoisonPrompt):
        await died(poison, again, "node-4")


async def test_trials_at_engines_that_are_gone_are_forgotten() -> None:
    """Nodes that come back do so under other names."""
    clock = Clock()
    poison = Poison(clock)
    for number in range(50):
        suspicion = await died(poison, asking(str(number)), "node-1")
        suspicion.begin(f"node-{number}")
        await suspicion.lost(ScriptedEngine(), soon=True)
        suspicion.left()
        clock.now += 2 * SAME_DEATH_S
    assert len(poison._trials) <= 1
