"""One simulation from its seed to its figures: nodes of several kinds, clients, and what goes wrong."""

from __future__ import annotations

import asyncio
from itertools import cycle
from random import Random

from msgspec import Struct
from msgspec.structs import replace

from antiphon.completions.plan import Bounds
from antiphon.models.catalogue import Model, Offer
from antiphon.models.placement import Placement
from antiphon.simulation.attempts import Attempts
from antiphon.simulation.chance import chance
from antiphon.simulation.client import Clients
from antiphon.simulation.faults import FaultRates, Faults, NodeFaultKind
from antiphon.simulation.front import SimulatedGateway
from antiphon.simulation.hardware import KINDS, Hardware
from antiphon.simulation.language import Language
from antiphon.simulation.loop import VirtualLoop
from antiphon.simulation.node import SimulatedNode
from antiphon.simulation.trace import Trace
from antiphon.simulation.traffic import Habits, Session, sessions

SLOWED = (4.0, 10.0)  # how many times as long a slow node takes
HEARTBEAT_S = 5.0
BEATS = 20  # parts of all nodes that send theirs together
FLAP_S = 2.0
FLAPS = 5


class Scenario(Struct, frozen=True):
    """What is simulated. `load` is the share of all slots that the traffic would keep busy."""

    nodes: int = 100
    seed: int = 1
    kinds: tuple[Hardware, ...] = KINDS
    models: int = 4
    habits: Habits = Habits()
    spoken: Language = Language()
    job_faults: FaultRates = FaultRates()
    node_faults: tuple[FaultRates, ...] = ()
    bounds: Bounds = Bounds(first_token_s=60, inter_token_s=30, total_s=600, total_s_max=3600, heartbeat_s=15)
    queue_max: int = 256
    parallel_max: int = 0  # requests of an account at once
    piece: int = 16
    careless: bool = False
    shuffle: bool = False


class World:
    """All parts of one simulation. Make it on its loop."""

    def __init__(self, scenario: Scenario, placement: Placement, loop: VirtualLoop, trace: Trace) -> None:
        self.scenario = scenario
        self.placement = placement
        self.loop = loop
        self.trace = trace
        self.attempts = Attempts(self.trace)
        self.faults = [
            Faults(rates, chance(scenario.seed, "faults", str(i)))
            for i, rates in enumerate((scenario.job_faults, *scenario.node_faults))
        ]
        self.nodes = [self._node(i, chance(scenario.seed, "hardware", str(i))) for i in range(scenario.nodes)]
        self.models = _models(scenario, self.nodes)
        self.gateway = SimulatedGateway(
            self.models,
            placement,
            scenario.bounds,
            chance=chance(scenario.seed, "ids"),
            parallel_max=scenario.parallel_max,
        )
        self.clients = Clients(self.gateway)

    def _node(self, number: int, draw: Random) -> SimulatedNode:
        hardware = draw.choice(self.scenario.kinds)
        return SimulatedNode(
            f"node-{number}",
            hardware,
            self.scenario.spoken,
            attempts=self.attempts,
            faults=self.faults[0],
            piece=self.scenario.piece,
            careless=self.scenario.careless,
        )

    async def run(self, asked: list[Session]) -> None:
        """Hold all conversations while nodes come and go; whatever is still under way ends as it ends."""
        tasks = [self.loop.create_task(self._disturb(faults)) for faults in self.faults[1:]]
        tasks.append(self.loop.create_task(self._beat()))
        try:
            await self.clients.run(asked)
        finally:
            for task in tasks:
                task.cancel()

    async def _beat(self) -> None:
        """Heartbeats, spread over their period."""
        parts = [self.nodes[i::BEATS] for i in range(BEATS)]
        for part in cycle(parts):
            for node in part:
                if not node.silent:
                    self.placement.observe(node.name, node.load())
            await asyncio.sleep(HEARTBEAT_S / BEATS)

    async def _disturb(self, faults: Faults) -> None:
        while not faults.stopped and faults.rates.nodes_per_minute:
            await asyncio.sleep(faults.next_in_s(len(self.nodes)))
            if not faults.stopped:
                self.disturb(self.nodes[faults.victim(len(self.nodes))], faults.of_node(), faults)

    def disturb(self, node: SimulatedNode, kind: NodeFaultKind, faults: Faults) -> None:
        """Let something happen to a node."""
        lasts_s = faults.duration_s()
        self.trace.note(f"node {node.name} {kind} {lasts_s:.3f}")
        if kind == "crash":
            node.crash(lasts_s)
        elif kind == "freeze":
            node.freeze(lasts_s)
        elif kind == "slow":
            node.slow(faults.between(*SLOWED), lasts_s)
        elif kind == "saturate":
            node.saturate(lasts_s)
        else:
            for i in range(FLAPS):
                self.loop.call_later(2 * i * FLAP_S, node.crash, FLAP_S)


def traffic(scenario: Scenario) -> list[Session]:
    """What the clients of a scenario ask, whoever answers."""
    return sessions(replace(scenario.habits, models=named(scenario)), chance(scenario.seed, "traffic"))


def named(scenario: Scenario) -> tuple[str, ...]:
    """The names of its models."""
    return tuple(f"model-{i}" for i in range(scenario.models))


def _models(scenario: Scenario, nodes: list[SimulatedNode]) -> tuple[Model, ...]:
    """Each node serves one model, the first model has the most; none is without nodes."""
    served: list[list[Offer]] = [[] for _ in range(scenario.models)]
    shares = chance(scenario.seed, "models")
    for i, node in enumerate(nodes):
        number = i if i < scenario.models else min(scenario.models - 1, int(shares.paretovariate(1.2)) - 1)
        served[number].append(Offer(node, f"model-{number}", slots=node.hardware.slots))
    return tuple(Model(f"model-{i}", tuple(offers), context_length=32768) for i, offers in enumerate(served))
