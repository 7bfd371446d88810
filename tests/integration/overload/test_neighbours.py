"""One account floods: what ten others, with one request at a time each, notice of it."""

from __future__ import annotations

import asyncio
import random
import statistics
from pathlib import Path

import pytest

from .lab import FLOOD, QUIET, Answered, Lab, p99, report, running

STREAMS = 500
FLOODED_S = 2.0  # until all of them have come
ROUNDS = 3
ANSWERS = 20  # of each quiet key, a round
RATIO_MAX = {"mean_s": 1.5, "p99_s": 1.5}  # of later answers, beside the flood to without it


async def quiet(lab: Lab) -> list[list[Answered]]:
    """What each of ten keys gets, one request after the other."""

    async def one(who: str) -> list[Answered]:
        return [await lab.ask(who) for _ in range(ANSWERS)]

    return await asyncio.gather(*map(one, QUIET))


def figures(rounds: list[list[list[Answered]]]) -> dict[str, float]:
    """The median of the rounds for each figure; the first answer of each key is told apart."""
    first = [[answers[0].whole_s for answers in keys] for keys in rounds]
    later = [[answer.whole_s for answers in keys for answer in answers[1:]] for keys in rounds]
    return {
        "first_answer_s": round(statistics.median(map(max, first)), 3),
        "mean_s": round(statistics.median(map(statistics.fmean, later)), 3),
        "p99_s": statistics.median(map(p99, later)),
    }


async def flooding(lab: Lab, chance: random.Random) -> None:
    """One of the flood's clients, until it is cancelled: it comes again about when it is told to."""
    await asyncio.sleep(chance.uniform(0, FLOODED_S))
    while True:
        answer = await lab.ask(FLOOD)
        if not answer.good:
            await asyncio.sleep((answer.retry_after or 1) * chance.uniform(1.0, 1.5))


@pytest.mark.slow
async def test_neighbours_of_a_flood(tmp_path: Path) -> None:
    """Each waits for one of the flood to end, once; then its place is kept, and its answers hardly take longer."""
    async with running(tmp_path) as lab:
        before, beside, chance = [], [], random.Random(7)
        for _ in range(ROUNDS):
            before.append(await quiet(lab))
            flood = [asyncio.create_task(flooding(lab, chance)) for _ in range(STREAMS)]
            await asyncio.sleep(2 * FLOODED_S)
            beside.append(await quiet(lab))
            for task in flood:
                task.cancel()
            await asyncio.gather(*flood, return_exceptions=True)
            await lab.rest(within_s=30)
        alone, flooded = figures(before), figures(beside)
        ratios = {name: round(flooded[name] / alone[name], 2) for name in RATIO_MAX}
        report("G20", {**ratios, "alone": alone, "flooded": flooded}, RATIO_MAX, {"streams": STREAMS})
        assert all(answer.good for keys in beside for answers in keys for answer in answers)
        assert all(ratios[name] < most for name, most in RATIO_MAX.items())
