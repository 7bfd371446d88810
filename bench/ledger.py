"""What it costs to charge a request: on the event loop, and in all, durable, on one core.

`admission` is a hold and its capture in memory, in processor time of the event loop's thread. `metered` is every
request held, captured and settled, by 64 callers with so many accounts; `in the books` is the same with each hold and
each capture in the database, as it would be without leases. SQLite syncs fully; PostgreSQL is a server of its own.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from antiphon.clock import SystemClock
from antiphon.credits.ledger import AccountKey, Earner, Hold
from antiphon.credits.service import Credits
from antiphon.credits.verify import verify
from antiphon.db.open import open_database
from bench.database import urls

CALLERS = 64
QUOTE, COST = 1_000, 137
FUNDS = 10**12
ADMISSIONS, ROUNDS = 5_000, 20
PENDING_MAX = 2_000  # callers wait then, as a gateway would refuse
EARNER = Earner("node:one", 8_000)

Request = Callable[[str, AccountKey], Awaitable[None]]


@dataclass(frozen=True)
class Figures:
    """What a spell gave; processor time is of the whole process, for a request."""

    requests_per_s: float
    cpu_us: float

    def __str__(self) -> str:
        return f"{self.requests_per_s:,.0f} | {self.cpu_us:.0f}"


def account(number: int) -> AccountKey:
    """One of those that pay."""
    return "USDC", f"user:{number}"


async def admission(credits_: Credits) -> float:
    """Microseconds of the event loop for a hold and its capture, when the lease has room."""
    leases, key = credits_.leases, account(0)
    leases.void(await leases.open(key, "first", ADMISSIONS * QUOTE))
    spent_s = 0.0
    for number in range(ROUNDS):
        names = [f"admission-{number}-{each}" for each in range(ADMISSIONS)]
        begun = time.thread_time()
        for name in names:
            leases.capture(await leases.open(key, name, QUOTE), COST)
        spent_s += time.thread_time() - begun
        await leases.settlements.all_settled()
    return spent_s / ROUNDS / ADMISSIONS * 1e6


async def metered(credits_: Credits, label: str, accounts: int, seconds: float) -> Figures:
    """Requests that are held in memory and settled in the books."""
    leases = credits_.leases

    async def request(name: str, key: AccountKey) -> None:
        hold = await leases.open(key, name, QUOTE)
        await asyncio.sleep(0)
        leases.capture(hold, COST, EARNER)
        if leases.settlements.pending > PENDING_MAX:
            await leases.settlements.settled(name)

    return await spell(request, leases.settlements.all_settled, label, accounts, seconds)


async def in_the_books(credits_: Credits, label: str, accounts: int, seconds: float) -> Figures:
    """Requests whose holds and captures are works of their own."""

    async def request(name: str, key: AccountKey) -> None:
        await credits_.open_hold(Hold(name, *key, QUOTE), expires_in_s=60)
        await credits_.capture(name, COST, EARNER)

    return await spell(request, partial(asyncio.sleep, 0), label, accounts, seconds)


async def spell(
    request: Request, finish: Callable[[], Awaitable[None]], label: str, accounts: int, seconds: float
) -> Figures:
    """Every caller sends one request after the other; the last is durable before the spell is over."""
    until = time.perf_counter() + seconds
    counts = [0] * CALLERS

    async def caller(number: int) -> None:
        while time.perf_counter() < until:
            counts[number] += 1
            name = f"{label}-{number}-{counts[number]}"
            await request(name, account((number + counts[number] * CALLERS) % accounts))

    begun, cpu = time.perf_counter(), time.process_time()
    await asyncio.gather(*(caller(number) for number in range(CALLERS)))
    await finish()
    total = sum(counts)
    return Figures(total / (time.perf_counter() - begun), (time.process_time() - cpu) / total * 1e6)


async def measure(url: str, folder: Path, accounts: int, seconds: float) -> dict[str, str]:
    """The figures of each spell; the books are proved in the end."""
    lost: list[object] = []
    database = open_database(url, data_dir=folder)
    credits_ = Credits(database, gateway="bench", clock=SystemClock(), on_lost=lambda *told: lost.append(told))
    await credits_.start()
    try:
        for number in range(accounts):
            await credits_.grant(account(number), f"funds:{number}", FUNDS)
        await metered(credits_, "warm", accounts, 1)
        figures = {
            f"metered, {accounts} accounts": str(await metered(credits_, "many", accounts, seconds)),
            "metered, 1 account": str(await metered(credits_, "one", 1, seconds)),
            "in the books": str(await in_the_books(credits_, "held", accounts, seconds)),
            "admission, on the event loop": f"– | {await admission(credits_):.1f}",
        }
        begun = time.perf_counter()
        findings = await database.read(partial(verify, now_ms=0))
        proved_s = time.perf_counter() - begun
        assert (findings.fault, lost) == (None, []), "the books are sound, and nothing is lost"
        return figures | {"journals proved": f"{findings.journals / proved_s:,.0f} | –"}
    finally:
        await credits_.close()
        await database.close()


def main(words: list[str] | None = None) -> int:
    """Prints a table; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m bench.ledger", description=__doc__)
    parser.add_argument("--seconds", type=float, default=5.0, help="length of each spell")
    parser.add_argument("--accounts", type=int, default=1000, help="how many accounts pay")
    parser.add_argument("--core", type=int, help="which core; default: the last")
    parser.add_argument("--folder", type=Path, help="where SQLite's file is put; default: a temporary folder")
    options = parser.parse_args(words)
    with tempfile.TemporaryDirectory(dir=options.folder) as folder, urls(Path(folder)) as found:
        cores = os.sched_getaffinity(0)
        os.sched_setaffinity(0, {max(cores) if options.core is None else options.core})
        print("| database | requests | a second | µs of processor time for each |\n| --- | --- | --- | --- |")
        for database, url in found.items():
            for label, figures in asyncio.run(measure(url, Path(folder), options.accounts, options.seconds)).items():
                print(f"| {database} | {label} | {figures} |")
        os.sched_setaffinity(0, cores)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
