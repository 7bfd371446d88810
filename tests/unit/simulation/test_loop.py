"""The virtual loop: jumps in time, a drawn order, no hangs."""

from __future__ import annotations

import asyncio

import pytest

from antiphon.simulation.chance import chance
from antiphon.simulation.loop import Stalled, VirtualLoop, run


def test_the_clock_jumps_to_the_next_timer() -> None:
    """An hour passes at once, and exactly."""

    async def main(loop: VirtualLoop) -> float:
        await asyncio.sleep(3600)
        return loop.time()

    assert run(main) == 3600


def test_a_cancelled_timer_takes_no_time() -> None:
    """Nobody waits for what will not ring."""

    async def main(loop: VirtualLoop) -> float:
        loop.call_later(100, lambda: None).cancel()
        await asyncio.sleep(1)
        return loop.time()

    assert run(main) == 1


async def _order(loop: VirtualLoop) -> list[int]:
    found: list[int] = []
    for number in range(20):
        loop.call_soon(found.append, number)
    await asyncio.sleep(0.1)
    return found


def test_without_a_shuffle_the_first_is_first() -> None:
    """As on any loop."""
    assert run(_order) == list(range(20))


def test_a_seed_draws_the_order() -> None:
    """Each its own, and the same each time."""
    orders = [run(_order, chance(seed)) for seed in (1, 2, 1)]
    assert orders[0] == orders[2]
    assert orders[0] != orders[1]
    assert sorted(orders[0]) == list(range(20))


def test_waiting_for_nothing_is_an_error() -> None:
    """A hang is found, and does not hang."""

    async def main(loop: VirtualLoop) -> None:
        await loop.create_future()

    with pytest.raises(Stalled, match="nothing is left"):
        run(main)


def test_running_in_a_circle_is_an_error() -> None:
    """So is work that never lets time pass."""

    async def main(loop: VirtualLoop) -> None:
        def again() -> None:
            loop.call_soon(again)

        again()
        await asyncio.sleep(1)

    with pytest.raises(Stalled, match="in a circle"):
        run(main)


def test_failures_that_nobody_waits_for_are_kept() -> None:
    """They are told at the end."""

    async def main(loop: VirtualLoop) -> list[str]:
        loop.call_soon([].pop)
        await asyncio.sleep(0)
        return loop.unhandled

    assert "pop from empty list" in run(main)[0]
