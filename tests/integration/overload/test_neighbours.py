"""One account floods: what ten others, with one request at a time each, notice of it."""

from __future__ import annotations

import asyncio
import statistics
from pathlib import Path

import pytest

from .lab import FLOOD, QUIET, Answered, Lab, p99, report, running

STREAMS = 500
ROUNDS = 3
ANSWERS = 20  # of each quiet key, a round
RATIO_MAX = {"whole_mean_s": 1.5, "whole_p99_s": 2.0}  # beside the flood to without it


async def quiet(lab: Lab) -> list[Answered]:
    """What each of ten keys gets, one request after the other."""

    async def one(who: str) -> list[Answered]:
        return [await lab.ask(who) for _ in range(ANSWERS)]

    return [answer for answers in await asyncio.gather(*map(one, QUIET)) for answer in answers]


def figures(rounds: list[list[Answered]]) -> dict[str, float]:
    """The median of the rounds for each figure."""
    return {
        "whole_p99_s": statistics.median(p99([answer.whole_s for answer in answers]) for answers in rounds),
        "whole_mean_s": round(statistics.fmean(answer.whole_s for answers in rounds for answer in answers), 3),
        "first_p99_s": statistics.median(p99([answer.first_s for answer in answers]) for answers in rounds),
    }


async def flooding(lab: Lab) -> None:
    """One of the flood's clients, until it is cancelled: it comes again when it is told to."""
    while True:
        answer = await lab.ask(FLOOD)
        if not answer.good:
            await asyncio.sleep(min(answer.retry_after or 1, 2))


@pytest.mark.slow
async def test_neighbours_of_a_flood(tmp_path: Path) -> None:
    """Each waits for one of the flood to end, once; then its place is kept, and its answers hardly take longer."""
    async with running(tmp_path) as lab:
        before, beside = [], []
        for _ in range(ROUNDS):
            before.append(await quiet(lab))
            flood = [asyncio.create_task(flooding(lab)) for _ in range(STREAMS)]
            await asyncio.sleep(2)
            beside.append(await quiet(lab))
            for task in flood:
                task.cancel()
            await asyncio.gather(*flood, return_exceptions=True)
            await lab.rest(within_s=30)
        alone, flooded = figures(before), figures(beside)
        ratios = {name: round(flooded[name] / alone[name], 2) for name in RATIO_MAX}
        report("G20", {**ratios, "alone": alone, "flooded": flooded}, RATIO_MAX, {"streams": STREAMS})
        assert all(answer.good for answers in beside for answer in answers)
        assert all(ratios[name] < most for name, most in RATIO_MAX.items())
