"""Conversations that share their beginnings, over nodes: real placement against two that know nothing of prefixes."""

from __future__ import annotations

import pytest

from tests.unit.models.shared_prefixes import (
    Figures,
    Node,
    Simulation,
    by_least_loaded,
    by_round_robin,
    placed,
    traffic,
)

EQUAL = (2000,) * 4  # tokens a second


def nodes(speeds: tuple[int, ...], memory: int) -> list[Node]:
    """Nodes that have served nobody."""
    return [Node(f"node-{at}", tokens_per_s=speed, memory=memory) for at, speed in enumerate(speeds)]


def compared(
    seed: int, *, gap_s: float, speeds: tuple[int, ...] = EQUAL, memory: int = 16, sessions: int = 60
) -> tuple[Figures, Figures, Figures]:
    """The same conversations by round-robin, to the least loaded, and as placement does it."""
    asked = [traffic(seed, sessions=sessions, gap_s=gap_s) for _ in range(3)]
    round_robin = Simulation(nodes(speeds, memory), by_round_robin()).run(asked[0])
    least_loaded = Simulation(nodes(speeds, memory), by_least_loaded()).run(asked[1])
    return round_robin, least_loaded, placed(nodes(speeds, memory), asked[2])


@pytest.mark.parametrize("seed", [1, 3])
async def test_little_is_read_twice(seed: int) -> None:
    """Seven of ten prompt tokens that round-robin reads need not be read, and first tokens come in half the time."""
    round_robin, least_loaded, ours = compared(seed, gap_s=6, sessions=80)
    assert ours.read_tokens <= 0.3 * round_robin.read_tokens
    assert 2 * ours.ttft(0.5) <= round_robin.ttft(0.5)
    assert ours.ttft(0.95) <= least_loaded.ttft(0.95)


@pytest.mark.parametrize(
    ("gap_s", "speeds", "memory"),
    [
        (3, EQUAL, 60),  # some wait for slots
        (1.6, EQUAL, 60),  # most do
        (4, EQUAL, 4),  # what nodes have read they soon forget
        (4, (2000, 2000, 600, 4000), 30),  # some are slower
    ],
)
async def test_the_late_ones_are_no_later_than_without(gap_s: float, speeds: tuple[int, ...], memory: int) -> None:
    """One first token in twenty takes at most as long as when the least loaded node gets each request."""
    _, least_loaded, ours = compared(2, gap_s=gap_s, speeds=speeds, memory=memory)
    assert ours.ttft(0.95) <= least_loaded.ttft(0.95)


async def test_a_node_that_becomes_slow_is_left_alone() -> None:
    """One that reads at a hundredth of its speed from a moment on: within ten seconds nobody is sent there any more."""
    served = nodes(EQUAL, 60)
    conversations = traffic(1, sessions=60, gap_s=2)
    sent: list[float] = []

    def slowed(node: Node, now: float) -> None:
        if node is served[0] and now >= 60:
            node.tokens_per_s = 20
            sent.append(now)

    figures = placed(served, conversations, on_sent=slowed)
    assert sent
    assert sum(now > sent[0] + 10 for now in sent) <= 0.02 * len(figures.ttfts)
