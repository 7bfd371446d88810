"""Runs checks, a bounded number at once, each within its time. No check can end the others."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable

from antiphon.clock import Clock
from antiphon.conformance.check import Check, Outcome
from antiphon.conformance.server import Server
from antiphon.conformance.verdict import Failed, Hindered, Lacking, Verdict
from antiphon.http.origin import Broken, ConnectFailed

VERDICTS: tuple[tuple[type[Exception], Verdict, str], ...] = (
    (Failed, "fail", ""),
    (Lacking, "lacks", ""),
    (Hindered, "error", ""),
    (Broken, "fail", "The answer broke: "),
    (ConnectFailed, "error", "It cannot be reached: "),
)
KINDS = tuple(kind for kind, _, _ in VERDICTS)


async def run(
    checks: Iterable[Check],
    server: Server,
    *,
    clock: Clock,
    at_once: int,
    timeout_s: float,
    on_outcome: Callable[[Outcome], None] = lambda _: None,
) -> list[Outcome]:
    """How each check ended, in their order; `on_outcome` is told of each as it ends."""
    room = asyncio.Semaphore(at_once)

    async def one(check: Check) -> Outcome:
        async with room:
            outcome = await judge(check, server, clock=clock, timeout_s=timeout_s)
        on_outcome(outcome)
        return outcome

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(one(check)) for check in checks]
    return [task.result() for task in tasks]


async def judge(check: Check, server: Server, *, clock: Clock, timeout_s: float) -> Outcome:
    """How one check ends."""
    begun = clock.monotonic()
    verdict: Verdict = "pass"
    reason = ""
    try:
        async with asyncio.timeout(timeout_s):
            await check.run(server.at(check.door))
    except KINDS as error:
        verdict, reason = _told(error)
    except TimeoutError:
        verdict, reason = "error", f"It came to no end within {timeout_s:g} s."
    return Outcome(check, verdict, reason, round(clock.monotonic() - begun, 3))


def _told(error: Exception) -> tuple[Verdict, str]:
    for kind, verdict, start in VERDICTS:
        if isinstance(error, kind):
            return verdict, f"{start}{error}"
    raise error
