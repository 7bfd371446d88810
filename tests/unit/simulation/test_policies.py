"""The ways to choose that the gateway's own is compared with."""

from __future__ import annotations

from msgspec.structs import replace

from antiphon.models.ask import NOWHERE, Ask
from antiphon.models.catalogue import Model, Offer
from antiphon.models.placement import Placement
from antiphon.simulation.attempts import Attempts
from antiphon.simulation.chance import chance
from antiphon.simulation.faults import Faults
from antiphon.simulation.loop import VirtualLoop, run
from antiphon.simulation.node import SimulatedNode
from antiphon.simulation.policies import POLICIES
from antiphon.simulation.trace import Trace
from tests.unit.simulation.worlds import NO_FAULTS, PLAIN, SPOKEN


def chosen(policy: str, asks: list[Ask], *, down: str = "") -> list[str]:
    """Which of three nodes each request gets, none of them ever given back."""

    async def main(loop: VirtualLoop) -> list[str]:
        attempts, faults = Attempts(Trace(loop)), Faults(NO_FAULTS, chance(1))
        nodes = [SimulatedNode(name, PLAIN, SPOKEN, attempts=attempts, faults=faults) for name in "abc"]
        for node in nodes:
            node.down = node.name == down
            node._miss()
        model = Model("m", tuple(Offer(node, "m", slots=2) for node in nodes))
        placement: Placement = POLICIES[policy](9)
        places = [placement.take(replace(ask, model=model)) for ask in asks]
        return ["" if place is None else place.offer.engine.name for place in places]

    return run(main)


def asks(*prefixes: tuple[int, ...]) -> list[Ask]:
    """One request for each beginning."""
    return [Ask(Model("m", ()), prompt_tokens=100, prefix=prefix) for prefix in prefixes]


def test_round_robin_goes_round() -> None:
    """Past those that are full or gone, and waits when all are."""
    assert chosen("round-robin", asks(*[()] * 7)) == ["a", "b", "c", "a", "b", "c", ""]
    assert chosen("round-robin", asks(*[()] * 3), down="b") == ["a", "c", "a"]


def test_least_loaded_takes_the_emptiest() -> None:
    """Whatever it has read."""
    found = chosen("least-loaded", asks(*[(1,)] * 6))
    assert sorted(found[:3]) == ["a", "b", "c"]
    assert sorted(found) == ["a", "a", "b", "b", "c", "c"]


def test_prefix_only_goes_where_the_beginning_was_read() -> None:
    """The longest beginning, while there is a slot."""
    assert chosen("prefix-only", asks((1, 2), (7,), (1, 2, 3), (1, 9), (7,))) == ["a", "b", "a", "c", "b"]


def test_what_was_given_back_can_be_taken_again() -> None:
    """Also by whoever waits for it."""

    async def main(loop: VirtualLoop) -> None:
        attempts, faults = Attempts(Trace(loop)), Faults(NO_FAULTS, chance(1))
        nodes = [SimulatedNode(name, PLAIN, SPOKEN, attempts=attempts, faults=faults) for name in "ab"]
        ask = Ask(Model("m", tuple(Offer(node, "m", slots=1) for node in nodes)), prompt_tokens=10)
        for make in POLICIES.values():
            placement = make(9)
            first, second = placement.take(ask), placement.take(ask)
            assert first is not None
            assert second is not None
            assert placement.take(ask) is None
            waiter = placement.line_up(ask, NOWHERE)
            placement.give_back(second)
            assert (await waiter.future).offer.engine.name == second.offer.engine.name

    run(main)
