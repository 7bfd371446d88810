"""What is due when in one choice."""

from __future__ import annotations

import asyncio

import pytest
from msgspec.structs import replace

from antiphon.completions.dues import Dues
from antiphon.completions.hedge import Late
from antiphon.completions.plan import Bounds
from antiphon.completions.seam import Silent
from antiphon.errors import DeadlineExceeded, FirstTokenTimeout
from antiphon.models.catalogue import Model
from tests.unit.completions.scripted import BOUNDS, plan_of

STALLING = replace(BOUNDS, stall_s=5, inter_token_s=60, heartbeat_s=10, continuations_max=3)


def dues(bounds: Bounds = STALLING, *, first_token_s: float = 20, total_s: float = 50) -> Dues:
    """Those of a choice that begins now."""
    return Dues(plan_of(Model("m", ()), first_token_s=first_token_s, total_s=total_s), bounds)


async def test_what_is_due_first_is_looked_at_first() -> None:
    """A heartbeat before the first token, the end where a token has longer."""
    due, now = dues(), asyncio.get_running_loop().time()
    due.beat_after(now)
    assert due.next == due.beat == now + 10
    due.beat_after(now + 15)
    assert due.next == due.token == due.first
    due.token = now + 99
    assert due.next == due.beat
    due.beat_after(now + 90)
    assert due.next == due.end


async def test_a_silence_is_shorter_where_another_engine_could_go_on() -> None:
    """And as long as engines have where none could."""
    assert (dues().stall_s, dues(replace(STALLING, continuations_max=0)).stall_s) == (5, 60)


async def test_an_engine_that_none_could_replace_is_waited_for_once_more() -> None:
    """For what is left of the longer silence; then it has failed."""
    due, now = dues(), asyncio.get_running_loop().time()
    due.stalls_after(now)
    assert due.wait_on()
    assert due.token == pytest.approx(now + 60)
    assert not due.wait_on()
    assert not dues(replace(STALLING, continuations_max=0)).wait_on()


async def test_each_end_has_its_error() -> None:
    """Late while another engine may be asked for the first token too; silence matters where an engine is at work."""
    with pytest.raises(DeadlineExceeded):
        dues(total_s=-1, first_token_s=-1).check(begun=False, served=True)
    with pytest.raises(FirstTokenTimeout):
        dues(first_token_s=-1).check(begun=False, served=True)
    due, now = dues(), asyncio.get_running_loop().time()
    assert due.check(begun=False, served=True) >= now
    due.look_again(-1)
    with pytest.raises(Late):
        due.check(begun=False, served=True)
    with pytest.raises(Silent):
        due.check(begun=True, served=True)
    assert due.check(begun=True, served=False) >= now


async def test_the_first_token_may_have_its_whole_time_again() -> None:
    """Where nothing of what came was shown."""
    due, now = dues(first_token_s=-1), asyncio.get_running_loop().time()
    due.first = now - 100
    due.anew()
    assert due.first == pytest.approx(now - 1, abs=0.5)
