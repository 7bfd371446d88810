"""Tests of what the fault engine remembers."""

from __future__ import annotations

import asyncio

import pytest

from antiphon.clock import ManualClock
from antiphon.testing.connection import Request
from antiphon.testing.record import Record

REQUEST = Request("POST", "/v1/chat/completions", {"host": "x"}, b"{}", True, 1)


def test_exchange_tells_its_times() -> None:
    """Tokens are counted with their moments, and the end says whether the client left."""
    clock = ManualClock()
    record = Record(clock)
    exchange = record.begin(REQUEST, path="/v1/chat/completions", body={})
    assert (record.in_flight, exchange.number) == (1, 1)
    for _ in range(3):
        clock.advance(1)
        record.token(exchange)
    assert [exchange.tokens_after(moment) for moment in (0, 1, 2.5, 3)] == [3, 2, 1, 0]
    record.end(exchange, disconnected=True)
    assert (exchange.disconnected_s, exchange.ended_s, record.in_flight, record.in_flight_max) == (3, 3, 0, 1)


def test_end_with_the_client_there() -> None:
    """A whole answer is no disconnect."""
    record = Record(ManualClock())
    exchange = record.begin(REQUEST, path="/", body=None)
    record.end(exchange, disconnected=False)
    assert exchange.disconnected_s is None


def test_strikes_are_counted() -> None:
    """A fault that was injected shows on its exchange and in the sum."""
    record = Record(ManualClock())
    exchange = record.begin(REQUEST, path="/", body=None)
    record.strike(exchange)
    assert (exchange.struck, record.struck) == (True, 1)


async def test_waiting_ends_when_the_condition_holds() -> None:
    """A waiter wakes by what happens, not by polling."""
    record = Record(ManualClock())

    async def happen() -> None:
        record.begin(REQUEST, path="/", body=None)

    async with asyncio.TaskGroup() as group:
        group.create_task(record.wait_for(lambda: record.in_flight == 1, timeout_s=5))
        group.create_task(happen())


async def test_waiting_has_a_deadline() -> None:
    """What never happens ends in TimeoutError."""
    with pytest.raises(TimeoutError):
        await Record(ManualClock()).wait_for(lambda: False, timeout_s=0.01)
