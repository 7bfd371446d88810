"""The time in which a request is answered that holds money."""

from __future__ import annotations

import asyncio
import contextlib
from contextlib import AbstractContextManager
from typing import Any, cast

import pytest

from antiphon.completions.during import During
from antiphon.course import Course
from antiphon.credits.metering import Charge
from antiphon.errors import EngineFailed
from antiphon.http.exchange import Exchange
from antiphon.idempotency.recording import NoWire


class ScriptedCharge:
    """Notes how it was closed; it has ended then if it is told so."""

    id = "answer-1"
    charged = 7
    otherwise = "failed"

    def __init__(self, *, ended: bool = True) -> None:
        self.ended = ended
        self.closed: list[tuple[str, bool]] = []

    def close(self, stands: bool) -> None:
        """Note it."""
        self.closed.append((self.otherwise, stands))


class ScriptedCourse:
    """Notes what a request cost."""

    def __init__(self) -> None:
        self.told: list[int] = []

    def settled(self, charged: int, at: float) -> None:
        """Note it."""
        assert at > 0
        self.told.append(charged)


def during(charge: ScriptedCharge, course: ScriptedCourse | None = None) -> tuple[During, dict[str, Any]]:
    """The time of that charge, and where it is found meanwhile."""
    exchange = Exchange(NoWire(), "POST", "/v1/chat/completions", "", {})
    exchange.course = cast("Course | None", course)
    charges: dict[str, Any] = {charge.id: charge}
    return During(charges, cast("Charge", charge), exchange), charges


@pytest.mark.parametrize(
    ("error", "otherwise"),
    [(None, "failed"), (EngineFailed("It broke."), "failed"), (asyncio.CancelledError(), "client_gone")],
)
async def test_the_hold_ends_with_it(error: BaseException | None, otherwise: str) -> None:
    """Once, and nothing more is told of it; an error goes on to who asked."""
    charge = ScriptedCharge()
    time, charges = during(charge)
    goes_on: AbstractContextManager[object] = contextlib.nullcontext() if error is None else pytest.raises(type(error))
    with goes_on, time:
        assert charges
        if error is not None:
            raise error
    assert charges == {}
    assert charge.closed == [(otherwise, True)]


@pytest.mark.parametrize(("ended", "told"), [(True, [7]), (False, [])])
async def test_who_follows_is_told_the_cost(ended: bool, told: list[int]) -> None:
    """Once it is known: what is still being counted is told by whoever counts it."""
    course = ScriptedCourse()
    time, _ = during(ScriptedCharge(ended=ended), course)
    with time:
        pass
    assert course.told == told
