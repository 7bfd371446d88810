"""The same traffic under one policy after the other."""

from __future__ import annotations

import math
from collections.abc import Sequence

from antiphon.simulation.figures import Figures, figures
from antiphon.simulation.hardware import Hardware
from antiphon.simulation.loop import VirtualLoop, run
from antiphon.simulation.policies import POLICIES
from antiphon.simulation.scenario import Scenario, World
from antiphon.simulation.trace import Trace
from antiphon.simulation.traffic import Habits, Session

CACHED_GUESS = 0.5  # of a prompt's tokens


def simulated(scenario: Scenario, policy: str, asked: list[Session]) -> Figures:
    """The figures of one policy."""

    async def main(loop: VirtualLoop) -> Figures:
        world = World(scenario, POLICIES[policy](scenario.queue_max), loop, Trace(loop))
        await world.run(asked)
        await world.gateway.close()
        attempts = [attempt for found in world.attempts.by_request.values() for attempt in found]
        slots = sum(node.hardware.slots for node in world.nodes)
        return figures(policy, world.clients.outcomes, attempts, slots=slots, trace=world.trace.digest)

    return run(main)


def rate(nodes: int, kinds: Sequence[Hardware], habits: Habits, *, answer_tokens: float, load: float) -> float:
    """About how many requests a second keep such a share of all slots busy, half of all prompts being cached."""
    stretched = math.exp(habits.spread**2 / 2)  # the mean of a log-normal, of its median
    turn = habits.user_tokens_median * stretched + answer_tokens
    prompt = habits.system_tokens_median * stretched + turn * habits.turns_mean / 2
    served = 0.0
    for kind in kinds:
        reading_s = kind.reading_s(prompt * (1 - CACHED_GUESS))
        writing_s = answer_tokens * kind.token_s(kind.slots)
        served += min(kind.slots / (reading_s + writing_s), 1 / reading_s)
    return load * nodes * served / len(kinds)
