"""Backups made while money moves: each of them is a database whose books are sound."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from antiphon.clock import SystemClock
from antiphon.credits.service import Credits
from antiphon.credits.verify import verify
from antiphon.db.backup import back_up, backups_for, restore
from antiphon.db.migrate import own_migrations
from antiphon.db.open import driver_for, open_database
from antiphon.db.session import Use
from tests.fixtures.databases.programs import find
from tests.fixtures.databases.server import PostgresServer

BACKUPS = 5
ACCOUNTS = 8
ACCOUNT = "user:{}"
NOWHERE = Path("/nonexistent")
ENVIRON = {**os.environ, "PATH": os.pathsep.join([str(find()), os.environ["PATH"]])}

pytestmark = pytest.mark.slow


def places(kind: str, postgres: PostgresServer, folder: Path) -> list[str]:
    """The URLs of an empty database and of one for each backup."""
    if kind == "sqlite":
        return [f"sqlite:///{folder / f'{number}.db'}" for number in range(BACKUPS + 1)]
    base = postgres.new_url().partition("&options=")[0]
    for number in range(BACKUPS + 1):
        postgres.run(f"CREATE DATABASE backed_up_{number}")
    return [base.replace("/postgres?", f"/backed_up_{number}?") for number in range(BACKUPS + 1)]


async def spend(books: Credits, number: int, ended: asyncio.Event) -> None:
    """One customer, who is given credit and charged until the end; never less than one charge."""
    request = 0
    while not ended.is_set() or not request:
        request += 1
        await books.grant(("USDC", ACCOUNT.format(number)), f"gift-{number}-{request}", 100)
        lease = await books.leases.open(("USDC", ACCOUNT.format(number)), f"use-{number}-{request}", 10)
        books.leases.capture(lease, 7)


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
async def test_books_are_sound_in_every_backup(kind: str, postgres: PostgresServer, tmp_path: Path) -> None:
    """Of one moment each, a later one with more in it, while eight customers are charged without a pause."""
    first, *others = places(kind, postgres, tmp_path)
    clock, ended = SystemClock(), asyncio.Event()
    database = open_database(first, data_dir=NOWHERE)
    books = Credits(database, gateway="g", clock=clock, on_lost=lambda *_: None)
    await books.begin()
    async with asyncio.TaskGroup() as group:
        for number in range(ACCOUNTS):
            group.create_task(spend(books, number, ended))
        source = backups_for(first, data_dir=NOWHERE, clock=clock, environ=ENVIRON)
        for number in range(BACKUPS):
            await asyncio.to_thread(back_up, source, tmp_path / f"backup-{number}")
        ended.set()
    await books.close()
    await database.close()
    seen = []
    for number, url in enumerate(others):
        target = backups_for(url, data_dir=NOWHERE, clock=clock, environ=ENVIRON)
        restore(target, tmp_path / f"backup-{number}", migrations=own_migrations())
        session = driver_for(url, NOWHERE, clock).connect(Use.READ)
        session.begin()
        found = verify(session, now_ms=int(clock.now() * 1000))
        session.close()
        assert found.fault is None
        seen.append(found.journals)
    assert seen == sorted(seen)
    assert seen[-1] > seen[0]
