"""What goes wrong in a simulation, and when: each fault drawn from the seed. What a fault does is in `node.py`."""

from __future__ import annotations

from random import Random
from typing import Literal, get_args

from msgspec import Struct

JobFaultKind = Literal[
    "crash",  # the node dies
    "freeze",  # the node does nothing for a while, then goes on where it was
    "break",  # the connection breaks
    "truncate",  # the answer ends cleanly, without a finish reason
    "garbage",  # bytes that are no answer
    "refuse",  # it is busy, and says so
    "overrun",  # it goes on past max_tokens
]
JOB_FAULTS: tuple[JobFaultKind, ...] = get_args(JobFaultKind)
NodeFaultKind = Literal["crash", "freeze", "slow", "flap", "saturate"]
NODE_FAULTS: tuple[NodeFaultKind, ...] = get_args(NodeFaultKind)
POISON = "☠"  # a prompt with it kills each node that reads it
FIRST_TOKEN_SHARE = 0.4  # of the faults, those that strike before anything was said


class JobFault(Struct, frozen=True):
    """It strikes once so many tokens are out; 0: before the first."""

    kind: JobFaultKind
    after_tokens: int = 0
    lasts_s: float = 0.0


class FaultRates(Struct, frozen=True):
    """How often things go wrong."""

    jobs: float = 0.0  # the share of attempts that something happens to
    job_kinds: tuple[JobFaultKind, ...] = JOB_FAULTS
    nodes_per_minute: float = 0.0  # of 1: the share of nodes that something happens to in a minute
    node_kinds: tuple[NodeFaultKind, ...] = ("crash",)
    lasts_s: float = 20.0  # on average

    @property
    def crashes(self) -> bool:
        """Whether nodes die by themselves."""
        return bool(self.jobs and "crash" in self.job_kinds) or bool(
            self.nodes_per_minute and not {"crash", "flap"}.isdisjoint(self.node_kinds)
        )


class Faults:
    """Draws what happens to jobs and to nodes. Silent once `stop`ped."""

    def __init__(self, rates: FaultRates, chance: Random) -> None:
        self.rates = rates
        self._chance = chance
        self._stopped = False

    def stop(self) -> None:
        """Nothing goes wrong from now on."""
        self._stopped = True

    @property
    def stopped(self) -> bool:
        """Whether nothing goes wrong any more."""
        return self._stopped

    def of_job(self, answer_tokens: int, *, plain: bool = False) -> JobFault | None:
        """What happens to an attempt that has so many tokens to say; a plain answer cannot be cut by its reader."""
        rates, chance = self.rates, self._chance
        if self._stopped or not rates.jobs or chance.random() >= rates.jobs:
            return None
        kind = chance.choice(rates.job_kinds)
        if plain and kind == "overrun":
            return None
        early = kind in ("refuse", "overrun") or chance.random() < FIRST_TOKEN_SHARE
        after = 0 if early else chance.randint(1, max(1, answer_tokens))
        return JobFault(kind, after, self.duration_s())

    def of_node(self) -> NodeFaultKind:
        """What happens to a node."""
        return self._chance.choice(self.rates.node_kinds)

    def next_in_s(self, nodes: int) -> float:
        """When something happens to the next of so many nodes."""
        return self._chance.expovariate(nodes * self.rates.nodes_per_minute / 60)

    def victim(self, nodes: int) -> int:
        """Which node it is."""
        return self._chance.randrange(nodes)

    def duration_s(self) -> float:
        """How long it lasts."""
        return self._chance.expovariate(1 / self.rates.lasts_s)

    def between(self, low: float, high: float) -> float:
        """A number from that range."""
        return self._chance.uniform(low, high)

    def happens(self, share: float) -> bool:
        """Whether something happens that does in such a share of cases."""
        return not self._stopped and self._chance.random() < share
