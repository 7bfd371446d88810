"""What a placement decision costs by how many engines serve the model: the real code, engines that are never asked.

`python -m bench.placement` prints microseconds a decision, first tokens and ends not counted, and says which goals of
docs/placement.md are met. Times of a shared machine: the median tells the cost, the 95th percentile the company.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import time
from collections import deque
from statistics import median, quantiles

from msgspec import Struct

from antiphon.engines.kinds import kind
from antiphon.engines.upstream import HttpEngine
from antiphon.http.client import Pool
from antiphon.http.origin import Origin
from antiphon.models.ask import Ask
from antiphon.models.catalogue import Model, Offer
from antiphon.models.fingerprint import BOUNDARIES, CHARACTERS_PER_TOKEN, fingerprint
from antiphon.models.load import Place
from antiphon.models.placement import Placement

GOALS_US = {1_000: 50.0, 10_000: 200.0}
PROMPT_CHARACTERS = 32_000
CONVERSATIONS = 2_000
WARM_UP = 2_000
IN_FLIGHT_MAX = 3_000
BASE_S, TOKEN_S = 0.05, 0.0005  # what the engines take to their first tokens


class Case(Struct, frozen=True):
    """So many engines of one model; `busy` is the share of their slots that is taken, where they have any."""

    engines: int
    prompts: bool = False
    slots: int | None = None
    busy: float = 0.5

    @property
    def words(self) -> str:
        """As the table shows it."""
        slots = "" if self.slots is None else f", {self.slots} slots {self.busy:.0%} taken"
        return f"{self.engines:>6} engines{', long prompts' if self.prompts else ''}{slots}"


CASES = (
    Case(1),
    Case(4),
    Case(4, prompts=True),
    Case(100),
    Case(1_000),
    Case(1_000, prompts=True),
    Case(1_000, prompts=True, slots=4),
    Case(1_000, prompts=True, slots=4, busy=0.99),
    Case(10_000),
    Case(10_000, prompts=True),
    Case(10_000, prompts=True, slots=1, busy=0.99),
)


def decisions_us(case: Case, count: int) -> list[float]:
    """Microseconds of each decision, while requests come and go."""
    now = 0.0
    nowhere = Pool(Origin("localhost", 1))
    engines = [HttpEngine(f"node-{at}", nowhere, kind("vllm")) for at in range(case.engines)]
    offers = tuple(Offer(engine, "model", slots=case.slots) for engine in engines)
    model = Model("model", offers)
    placement = Placement(queue_max=1, now=lambda: now)
    chance = random.Random(1)
    asks = [_ask(model, number, prompts=case.prompts) for number in range(CONVERSATIONS if case.prompts else 10)]
    in_flight_max = IN_FLIGHT_MAX if case.slots is None else int(case.engines * case.slots * case.busy)
    running: deque[Place] = deque()
    spent = []
    for number in range(WARM_UP + in_flight_max + count):
        now += 0.001
        ask = chance.choice(asks)
        begin = time.perf_counter()
        place = placement.take(ask)
        took_s = time.perf_counter() - begin
        assert place is not None, "as many slots are free as are not taken"
        placement.first_token(place, BASE_S + TOKEN_S * place.own_unread)
        running.append(place)
        if len(running) > in_flight_max:
            placement.give_back(running.popleft())
        if number >= WARM_UP + in_flight_max:
            spent.append(took_s * 1e6)
    return spent


def _ask(model: Model, number: int, *, prompts: bool) -> Ask:
    if not prompts:
        return Ask(model, "account")
    text = f"{number % 20} is the number of a system prompt that others share. " * 40 + f"Conversation {number}. "
    text = (text * (PROMPT_CHARACTERS // len(text) + 1))[:PROMPT_CHARACTERS]
    return Ask(model, "account", PROMPT_CHARACTERS // CHARACTERS_PER_TOKEN, 200, prefix=fingerprint("model", (text,)))


def fingerprint_us(characters: int, times: int = 200) -> float:
    """Microseconds of one fingerprint."""
    text = "x" * characters
    begin = time.perf_counter()
    for _ in range(times):
        fingerprint("model", (text,))
    return (time.perf_counter() - begin) / times * 1e6


async def main() -> None:
    """Measure, print, compare with the goals."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=10_000, help="decisions a case")
    count = parser.parse_args().count
    print(f"{'':48} median   95 %   goal")
    for case in CASES:
        spent = decisions_us(case, count)
        middle, late, goal = median(spent), quantiles(spent, n=20)[-1], GOALS_US.get(case.engines)
        verdict = "" if goal is None else f"{goal:6.0f} {'met' if middle <= goal else 'NOT MET'}"
        print(f"{case.words:48} {middle:6.1f} {late:6.1f} {verdict}")
    for characters in (2_000, PROMPT_CHARACTERS, BOUNDARIES[-1]):
        print(f"a fingerprint of {characters:>7,} characters: {fingerprint_us(characters):.1f} µs")


if __name__ == "__main__":
    asyncio.run(main())
