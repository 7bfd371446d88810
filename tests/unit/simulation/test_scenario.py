"""Whole simulations: the same each time, through the gateway's own code."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys

import pytest
from msgspec.structs import replace

from antiphon.errors import RateLimited
from antiphon.simulation.faults import NODE_FAULTS, FaultRates, NodeFaultKind
from antiphon.simulation.loop import VirtualLoop, run
from antiphon.simulation.policies import OURS, POLICIES
from antiphon.simulation.scenario import Scenario, World, traffic
from antiphon.simulation.search import FLAPPING_S
from antiphon.simulation.trace import Trace
from tests.unit.simulation.worlds import QUICK

STORM = replace(
    QUICK,
    job_faults=FaultRates(jobs=0.2, lasts_s=2),
    node_faults=(
        FaultRates(nodes_per_minute=1, node_kinds=("crash", "freeze", "slow", "flap", "saturate"), lasts_s=3),
    ),
    habits=replace(QUICK.habits, leaving=0.1, plain=0.2, several=0.2),
    shuffle=True,
)
DIGEST = """
from tests.unit.simulation.test_scenario import STORM, ran
print(ran(STORM).trace.digest)
"""


def ran(scenario: Scenario) -> World:
    """The world of a scenario, at its end."""

    async def main(loop: VirtualLoop) -> World:
        world = World(scenario, POLICIES[OURS](scenario.queue_max), loop, Trace(loop))
        await world.run(traffic(scenario))
        await world.gateway.close()
        return world

    return run(main)


def test_everybody_is_answered_where_nothing_goes_wrong() -> None:
    """By the nodes that serve the model, each answer told once to whoever counts."""
    world = ran(QUICK)
    assert all(outcome.finished for outcome in world.clients.outcomes)
    assert len(world.gateway.records) == len(world.clients.outcomes) == 40
    assert not world.loop.unhandled


def test_a_seed_has_one_trace_in_every_process() -> None:
    """Whatever a process's hashes are; another seed has another one."""
    digests = set()
    for hashes in ("1", "2"):
        environment = os.environ | {"PYTHONHASHSEED": hashes}
        done = subprocess.run(
            [sys.executable, "-c", DIGEST], env=environment, capture_output=True, text=True, check=True, timeout=60
        )
        digests.add(done.stdout)
    assert len(digests) == 1
    assert ran(STORM).trace.digest in digests.pop()
    assert ran(replace(STORM, seed=2)).trace.digest != ran(STORM).trace.digest


def test_turns_go_on_with_what_was_answered() -> None:
    """A conversation grows, so that nodes find beginnings in their caches."""
    world = ran(QUICK)
    longest = max(world.clients.outcomes, key=lambda outcome: len(outcome.messages))
    assert [turn.role for turn in longest.messages][:4] == ["system", "user", "assistant", "user"]
    attempts = [attempt for each in world.attempts.by_request.values() for attempt in each]
    assert sum(attempt.cached_tokens for attempt in attempts) > 0


def test_clients_that_leave_are_seen_to_leave() -> None:
    """Their nodes stop, and nothing of them is left."""
    world = ran(replace(QUICK, habits=replace(QUICK.habits, leaving=1.0, plain=0.5)))
    assert sum(outcome.left for outcome in world.clients.outcomes) > 5
    assert not any(node.running or node.waiting for node in world.nodes)


def test_an_account_is_held_to_its_limit() -> None:
    """By the gateway's own limits."""
    crowd = replace(QUICK.habits, rate=200, accounts=1, turns_mean=1)
    world = ran(replace(QUICK, habits=crowd, parallel_max=2))
    refused = [outcome for outcome in world.clients.outcomes if isinstance(outcome.error, RateLimited)]
    assert 0 < len(refused) < 40


@pytest.mark.parametrize("kind", NODE_FAULTS)
def test_nodes_recover_from_all_that_happens_to_them(kind: NodeFaultKind) -> None:
    """In the end each is as it was."""

    async def main(loop: VirtualLoop) -> None:
        world = World(STORM, POLICIES[OURS](9), loop, Trace(loop))
        world.disturb(world.nodes[0], kind, world.faults[1])
        await world.clients.run(traffic(QUICK))
        await asyncio.sleep(FLAPPING_S + 60)
        node = world.nodes[0]
        assert (node.down, node.silent, node.saturated, node.slowness) == (False, False, False, 1.0)

    run(main)
