"""Prompts that kill engines, in simulated fleets whose machines die of other causes too."""

from __future__ import annotations

import pytest
from msgspec import Struct

from antiphon.errors import PoisonPrompt
from antiphon.simulation.chance import chance
from antiphon.simulation.checks import POISONED_MAX
from antiphon.simulation.faults import FaultRates
from antiphon.simulation.hardware import Hardware
from antiphon.simulation.language import Language
from antiphon.simulation.loop import VirtualLoop, run
from antiphon.simulation.scenario import Scenario, World, traffic
from antiphon.simulation.search import BOUNDS
from antiphon.simulation.trace import Trace
from antiphon.simulation.traffic import Habits
from antiphon.simulation.watched import WatchedPlacement

SEEDS = range(1, 9)
CRASHES_PER_MINUTE = 3.0  # of each of four machines, at any time


class Found(Struct):
    """What became of the prompts of a fleet."""

    requests: int
    accused: int  # of those that kill nothing
    poisoned: int
    deaths_max: int  # of one prompt
    seams: int


def fleet(seed: int, *, poisoned: float, crashes: float, requests: int) -> Scenario:
    """Four machines that generate sixteen answers at once, and are busy with about five."""
    return Scenario(
        nodes=4,
        seed=seed,
        kinds=(Hardware(slots=16, queue=8, prefill_tokens_per_s=5000, decode_tokens_per_s=20, rtt_s=0.01),),
        models=1,
        habits=Habits(requests=requests, rate=1.6, turns_mean=1, tokens_max=800, max_tokens=90, poisoned=poisoned),
        spoken=Language(tokens_median=30, spread=0.7, tokens_max=200),
        node_faults=(FaultRates(nodes_per_minute=crashes, lasts_s=0.5),),
        bounds=BOUNDS,
        queue_max=64,
        piece=3,
        shuffle=True,
    )


def lived(scenario: Scenario) -> Found:
    """A fleet's life."""

    async def main(loop: VirtualLoop) -> Found:
        trace = Trace(loop)
        world = World(scenario, WatchedPlacement(queue_max=scenario.queue_max, trace=trace), loop, trace)
        await world.run(traffic(scenario))
        for faults in world.faults:
            faults.stop()
        outcomes, attempts = world.clients.outcomes, world.attempts
        await world.gateway.close()
        return Found(
            requests=len(outcomes),
            accused=sum(isinstance(each.error, PoisonPrompt) and not each.turn.poisoned for each in outcomes),
            poisoned=sum(each.turn.poisoned for each in outcomes),
            deaths_max=max(attempts.deaths.values(), default=0),
            seams=sum(each.begun_tokens > 0 for tries in attempts.by_request.values() for each in tries),
        )

    return run(main, chance(scenario.seed, "order"))


def test_who_was_at_an_engine_with_a_prompt_that_kills_is_not_accused() -> None:
    """Where nothing else kills, each such prompt kills two at most, and is the only one that is refused."""
    found = lived(fleet(1, poisoned=0.01, crashes=0.0, requests=400))
    assert found.poisoned >= 3
    assert found.deaths_max == POISONED_MAX
    assert found.accused == 0


@pytest.mark.slow
def test_prompts_that_kill_are_told_from_machines_that_die() -> None:
    """Where each machine dies three times a minute at random, hardly anybody is accused, and none kills more."""
    crashing = [lived(fleet(seed, poisoned=0, crashes=CRASHES_PER_MINUTE, requests=1500)) for seed in SEEDS]
    seams = sum(found.seams for found in crashing)
    assert seams > 500
    assert sum(found.accused for found in crashing) <= 0.04 * seams
    both = [lived(fleet(seed, poisoned=0.004, crashes=CRASHES_PER_MINUTE, requests=1500)) for seed in SEEDS]
    assert sum(found.poisoned for found in both) > 20
    assert max(found.deaths_max for found in both) <= POISONED_MAX + 1
    calm = [lived(fleet(seed, poisoned=0.004, crashes=0, requests=1500)) for seed in SEEDS]
    assert sum(found.accused for found in calm) == 0
    assert max(found.deaths_max for found in calm) <= POISONED_MAX
    print(f"crashing: {crashing}\nboth: {both}\ncalm: {calm}")
