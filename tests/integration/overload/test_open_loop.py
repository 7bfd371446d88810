"""Five times as many requests come as an engine can serve, whether or not the earlier ones were answered."""

from __future__ import annotations

import asyncio
import contextlib
import statistics
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.fixtures.machine import waited_s

from .lab import FLOOD, QUIET, SLOTS, TOKEN_S, TOKENS, Answered, Lab, p99, report, running

TIMES = 5
WINDOWS = 3
GOODPUT_MIN = 0.9
REFUSED_S_MAX = 0.05
RECOVERED_S_MAX = 5.0
RETRY_S_MAX = 60
LOOK_S = 0.02


async def capacity(lab: Lab, seconds: float) -> float:
    """Answers a second while exactly as many requests are under way as there are slots."""
    until = time.monotonic() + seconds
    answers = 0

    async def client() -> None:
        nonlocal answers
        while time.monotonic() < until:
            assert (await lab.ask(FLOOD)).good
            answers += 1

    begun_at = time.monotonic()
    await asyncio.gather(*(client() for _ in range(SLOTS)))
    return answers / (time.monotonic() - begun_at)


async def open_loop(lab: Lab, rate: float, seconds: float) -> list[Answered]:
    """What becomes of requests that come at that rate, of several accounts, every other one streamed."""
    loop = asyncio.get_running_loop()
    tasks: list[asyncio.Task[Answered]] = []
    over = loop.create_future()

    def send(number: int) -> None:
        who = QUIET[number % len(QUIET)]
        tasks.append(loop.create_task(lab.ask(who, stream=number % 2 == 0)))

    begun_at, count = loop.time(), int(rate * seconds)
    for number in range(count):
        loop.call_at(begun_at + number / rate, send, number)
    loop.call_at(begun_at + seconds, over.set_result, None)
    await over
    return await asyncio.gather(*tasks)


async def recovery_s(lab: Lab) -> float:
    """How long after the last request it takes until one is served as quickly as if nothing had been."""
    begun_at = time.monotonic()
    while not ((answer := await lab.ask(FLOOD)).good and answer.whole_s < 2 * TOKENS * TOKEN_S):
        pass
    return time.monotonic() - begun_at


async def lateness(late: list[float]) -> None:
    """Note how late this very loop is, which the clients' times hold too, until cancelled."""
    loop = asyncio.get_running_loop()
    while True:
        due_at = loop.time() + LOOK_S
        await asyncio.sleep(LOOK_S)
        late.append(loop.time() - due_at)


@contextlib.asynccontextmanager
async def explained(lab: Lab, figures: dict[str, float]) -> AsyncIterator[None]:
    """Adds to the figures how late the clients themselves were, and for which part the gateway had no processor."""
    late: list[float] = []
    task = asyncio.create_task(lateness(late))
    began_at, waited_before_s = time.monotonic(), waited_s(lab.gateway.pid)
    yield
    task.cancel()
    figures["clients_late_p99_s"] = p99(late)
    withheld_s = waited_s(lab.gateway.pid) - waited_before_s
    figures["gateway_without_processor"] = round(withheld_s / (time.monotonic() - began_at), 3)


def windows(answers: list[Answered], seconds: float) -> list[list[Answered]]:
    """The answers by the third of the time in which they ended: a busy machine may spoil one of them."""
    begun_at = min(answer.sent_at for answer in answers)
    found: list[list[Answered]] = [[] for _ in range(WINDOWS)]
    for answer in answers:
        number = int((answer.sent_at + answer.whole_s - begun_at) * WINDOWS / seconds)
        if number < WINDOWS:
            found[number].append(answer)
    return found


async def overload(lab: Lab, seconds: float) -> tuple[dict[str, float], list[Answered]]:
    """The figures of so many seconds at five times what the engine can do."""
    most = await capacity(lab, seconds / 10)
    answers = await open_loop(lab, TIMES * SLOTS / (TOKENS * TOKEN_S), seconds)
    recovered = await recovery_s(lab)
    parts = windows(answers, seconds)
    goodputs = [sum(answer.good for answer in part) * WINDOWS / seconds / most for part in parts]
    refusals = [late for part in parts if (late := [answer.whole_s for answer in part if not answer.good])]
    figures = {
        "capacity": round(most, 1),
        "goodput": round(statistics.median(goodputs), 3),
        "refused_p50_s": round(statistics.median(map(statistics.median, refusals)), 3),
        "refused_p99_s": statistics.median(map(p99, refusals)),
        "recovered_s": round(recovered, 2),
    }
    return figures, answers


def require_refusals(answers: list[Answered]) -> int:
    """Whatever is no good answer is 503 with an honest time to come again; how many are."""
    refused = [answer for answer in answers if not answer.good]
    assert {answer.status for answer in refused} == {503}
    assert all(answer.retry_after is not None and 1 <= answer.retry_after <= RETRY_S_MAX for answer in refused)
    return len(refused)


@pytest.mark.asyncio(loop_scope="package")
async def test_a_burst_is_served_as_far_as_it_can_be(lab: Lab) -> None:
    """The engine is kept busy, everybody else is refused at once, and afterwards all is as before."""
    figures, answers = await overload(lab, 1.5)
    assert require_refusals(answers) > len(answers) / 3
    assert figures["goodput"] > GOODPUT_MIN / 2  # of a moment, on a machine that has other work
    assert figures["recovered_s"] < RECOVERED_S_MAX


@pytest.mark.slow
async def test_a_minute_of_overload(tmp_path: Path) -> None:
    """Nine tenths of what the engine can do are done, refusals take milliseconds, and it is over at once."""
    seconds = 60.0
    async with running(tmp_path) as lab:
        causes: dict[str, float] = {}
        async with explained(lab, causes):
            figures, answers = await overload(lab, seconds)
        refusals = require_refusals(answers)
        figures |= causes
        limits = {"goodput": GOODPUT_MIN, "refused_p99_s": REFUSED_S_MAX, "recovered_s": RECOVERED_S_MAX}
        report("G11", figures, limits, {"requests": len(answers), "refusals": refusals})
        assert figures["goodput"] >= GOODPUT_MIN
        assert figures["recovered_s"] <= RECOVERED_S_MAX
        assert figures["refused_p99_s"] <= REFUSED_S_MAX
        await lab.rest()
