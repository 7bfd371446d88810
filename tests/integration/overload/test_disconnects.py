"""Clients that leave: while they wait, before the first token, in the middle. Engines stop, and nothing is left."""

from __future__ import annotations

import asyncio
import random
import time
from pathlib import Path

import pytest
from msgspec import Struct

from antiphon.testing.raw_client import RawClient

from .lab import PAYER, SLOTS, Lab, chat_bytes, p99, report, running

AT_ONCE = 3 * SLOTS
TOKENS = 60  # longer than any of them stays
STAYS_S_MAX = 0.5
CANCELLED_S_MAX = 0.5
SETTLED_S_MAX = 2.0
FILES_MORE_MAX = SLOTS + 4  # connections to the engine are kept


class Left(Struct):
    """What clients that left had to do with, and what remained of it."""

    waiting: int
    cancelled_s: list[float]
    settled_s: float


async def leave(lab: Lab, number: int, chance: random.Random) -> float:
    """Ask, stay for a moment, and leave without a word or with a reset; when that was."""
    client = await RawClient.connect(lab.gateway.url)
    await client.send(chat_bytes(PAYER, stream=number % 2 == 0, tokens=TOKENS, marker=f"leaver-{number}."))
    await asyncio.sleep(chance.uniform(0, STAYS_S_MAX))
    left_at = time.monotonic()
    if number % 3:
        client.close()
    else:
        client.reset()
    return left_at


async def disconnects(lab: Lab, count: int, seed: int) -> Left:
    """What becomes of so many requests whose clients leave, some dozens at once."""
    chance, gate = random.Random(seed), asyncio.Semaphore(AT_ONCE)
    earlier = len(lab.engine.requests)

    async def one(number: int) -> float:
        async with gate:
            return await leave(lab, number, chance)

    left_at = await asyncio.gather(*(one(number) for number in range(count)))
    last_at = time.monotonic()
    await lab.rest()
    while await lab.metric("antiphon_credit_holds_open"):
        assert time.monotonic() - last_at < SETTLED_S_MAX * 2
    cancelled_s = []
    for exchange in lab.engine.requests[earlier:]:
        number = int(str(exchange.body["messages"][0]["content"]).rpartition("leaver-")[2].rstrip("."))
        assert exchange.disconnected_s is not None, "its client had left, and it was not told"
        cancelled_s.append(max(0.0, exchange.disconnected_s - left_at[number]))
    return Left(count - len(cancelled_s), cancelled_s, time.monotonic() - last_at)


@pytest.mark.asyncio(loop_scope="package")
async def test_clients_that_leave(lab: Lab) -> None:
    """Each engine that works for them is stopped, those that wait never reach one, and no credit stays held."""
    files = lab.files_open()
    left = await disconnects(lab, 96, seed=1)
    assert left.waiting > 0
    assert p99(left.cancelled_s) < 2 * CANCELLED_S_MAX
    assert lab.files_open() <= files + FILES_MORE_MAX


@pytest.mark.slow
async def test_a_thousand_clients_that_leave(tmp_path: Path) -> None:
    """Engines are told within half a second, all is settled within two, and the books are sound."""
    async with running(tmp_path) as lab:
        files, seed = lab.files_open(), random.randrange(1 << 32)
        print("seed", seed)
        left = await disconnects(lab, 1000, seed)
        more = lab.files_open() - files
        receipts = await lab.books.require_sound()
        figures = {"cancelled_p99_s": p99(left.cancelled_s), "settled_s": round(left.settled_s, 2), "files_left": more}
        limits = {"cancelled_p99_s": CANCELLED_S_MAX, "settled_s": SETTLED_S_MAX, "files_left": FILES_MORE_MAX}
        report("G15", figures | {"receipts": receipts}, limits, {"left": 1000, "while_waiting": left.waiting})
        assert more <= FILES_MORE_MAX
        assert left.settled_s <= SETTLED_S_MAX
        assert figures["cancelled_p99_s"] <= CANCELLED_S_MAX
