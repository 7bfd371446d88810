"""Checks run side by side, each within its time, and none ends another."""

from __future__ import annotations

import asyncio

import pytest

from antiphon.clock import ManualClock, SystemClock
from antiphon.conformance.check import Check, Outcome
from antiphon.conformance.run import run
from antiphon.conformance.server import Server
from antiphon.conformance.verdict import Failed, Hindered, Lacking
from antiphon.http.origin import Broken, ConnectFailed

from .stub import always, asking


def raising(error: Exception | None) -> Check:
    """A check that ends with this error."""

    async def ends(server: Server) -> None:
        """It ends."""
        if error is not None:
            raise error

    return Check("area", ends, "OpenAI")


async def judged(*checks: Check, at_once: int = 4, timeout_s: float = 5.0) -> list[Outcome]:
    """How these end."""
    async with asking(always()) as server:
        return await run(checks, server, clock=SystemClock(), at_once=at_once, timeout_s=timeout_s)


async def test_each_end_has_its_verdict() -> None:
    """In the order of the checks, with the sentence."""
    errors = [None, Failed("a"), Lacking("b"), Hindered("c"), Broken("d"), ConnectFailed("e")]
    found = [(one.verdict, one.reason) for one in await judged(*(raising(error) for error in errors))]
    assert found == [
        ("pass", ""),
        ("fail", "a"),
        ("lacks", "b"),
        ("error", "c"),
        ("fail", "The answer broke: d"),
        ("error", "It cannot be reached: e"),
    ]


async def test_a_check_without_an_end_is_ended() -> None:
    """The others do not wait for it longer than its time."""

    async def waits(server: Server) -> None:
        """It waits."""
        await asyncio.Event().wait()

    endless, quick = await judged(Check("area", waits, "OpenAI"), raising(None), timeout_s=0.05)
    assert (endless.verdict, endless.reason) == ("error", "It came to no end within 0.05 s.")
    assert quick.verdict == "pass"


async def test_no_more_run_at_once_than_allowed() -> None:
    """However many there are."""
    running = most = 0

    async def counts(server: Server) -> None:
        """It counts."""
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0)
        running -= 1

    await judged(*[Check("area", counts, "OpenAI")] * 20, at_once=3)
    assert most == 3


async def test_checks_are_made_at_their_door() -> None:
    """Each is given the server at the door that it belongs to, and told as it ends."""
    doors: list[str] = []
    told: list[Outcome] = []

    async def looks(server: Server) -> None:
        """It looks."""
        doors.append(server.door)

    checks = [Check("area", looks, "OpenAI"), Check("area", looks, "Nugen", "nugen")]
    async with asking(always()) as server:
        await run(checks, server, clock=ManualClock(), at_once=1, timeout_s=1, on_outcome=told.append)
    assert (doors, [one.verdict for one in told]) == (["v1", "nugen"], ["pass", "pass"])


async def test_a_mistake_of_ours_is_no_verdict() -> None:
    """What no check may raise is not put down to the server."""
    with pytest.raises(ExceptionGroup):
        await judged(raising(ZeroDivisionError()))
