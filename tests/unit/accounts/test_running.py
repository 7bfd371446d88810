"""Requests under way are known by their key, and broken off with it."""

from __future__ import annotations

import asyncio

from antiphon.accounts.running import Running
from antiphon.key import Key
from tests.unit.http.recording import exchange_of


async def test_requests_of_a_key_are_broken_off() -> None:
    """All of them, and nobody else's; one that has ended is not touched."""
    running = Running()
    exchanges = [exchange_of("POST", "/chat")[0] for _ in range(4)]
    for key_id, exchange in zip(("one", "one", "one", "two"), exchanges, strict=True):
        exchange.task = asyncio.create_task(asyncio.Event().wait())  # type: ignore[arg-type] # any task
        exchange.key = Key("k", id=key_id)
        running.begin(exchange)
    await asyncio.sleep(0)
    running.end(exchanges[0])
    running.break_off(["one", "three"])
    await asyncio.sleep(0)
    tasks = [exchange.task for exchange in exchanges if exchange.task is not None]
    assert [task.cancelled() for task in tasks] == [False, True, True, False]
    assert [exchange.ended_by is not None for exchange in exchanges] == [False, True, True, False]
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)
