"""Small worlds for tests of the simulation: one node with its surroundings, and scenarios that take a moment."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from antiphon.chat import Delta, Message, Sampling
from antiphon.engines import Job
from antiphon.simulation.attempts import Attempts
from antiphon.simulation.chance import chance
from antiphon.simulation.faults import FaultRates, Faults
from antiphon.simulation.hardware import Hardware
from antiphon.simulation.language import Language
from antiphon.simulation.loop import VirtualLoop, run
from antiphon.simulation.node import SimulatedNode
from antiphon.simulation.node_stream import NodeStream
from antiphon.simulation.scenario import Scenario
from antiphon.simulation.trace import Trace
from antiphon.simulation.traffic import Habits

Result = TypeVar("Result")
SPOKEN = Language(tokens_median=20, spread=0.5, tokens_max=60)
# A prompt token takes 10 ms, an answer's 100 ms, and nothing else takes any time.
PLAIN = Hardware(
    slots=2, queue=1, prefill_tokens_per_s=100, decode_tokens_per_s=10, batch_cost=0, rtt_s=0, cache_blocks=64
)
QUICK = Scenario(nodes=6, models=1, habits=Habits(requests=40, rate=4, turns_mean=2, think_s_mean=1), spoken=SPOKEN)
NO_FAULTS = FaultRates()


class Lab:
    """One node on the loop that runs."""

    def __init__(
        self, loop: VirtualLoop, hardware: Hardware = PLAIN, rates: FaultRates = NO_FAULTS, *, careless: bool = False
    ) -> None:
        self.loop = loop
        self.trace = Trace(loop)
        self.attempts = Attempts(self.trace)
        self.faults = Faults(rates, chance(1, "faults"))
        self.node = SimulatedNode(
            "node", hardware, SPOKEN, attempts=self.attempts, faults=self.faults, piece=4, careless=careless
        )


def in_lab(
    main: Callable[[Lab], Coroutine[Any, Any, Result]],  # Any: what a coroutine yields
    hardware: Hardware = PLAIN,
    rates: FaultRates = NO_FAULTS,
    *,
    careless: bool = False,
) -> Result:
    """The result of a test's body, on a virtual loop."""

    async def body(loop: VirtualLoop) -> Result:
        return await main(Lab(loop, hardware, rates, careless=careless))

    return run(body)


def asked(text: str = "Say something.", *, begun: str = "", max_tokens: int | None = None) -> Job:
    """A job; `begun` is a beginning of the answer."""
    turns = (Message("user", text), *((Message("assistant", begun),) if begun else ()))
    return Job("m", turns, Sampling(max_tokens=max_tokens), user="r1.0")


async def read(stream: NodeStream, until: float = 1000.0) -> list[Delta]:
    """All deltas of a stream."""
    found: list[Delta] = []
    while deltas := await stream.next(until):
        found += deltas
    return found


def said(deltas: list[Delta]) -> str:
    """Their text."""
    return "".join(delta.content for delta in deltas)
