"""`antiphon ledger`."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from antiphon.clock import SystemClock
from antiphon.credits.service import Credits
from antiphon.db.open import open_database

Run = Callable[..., Any]


async def write_books(path: Path) -> None:
    """Two journals."""
    database = open_database(f"sqlite:///{path}", data_dir=Path("/nonexistent"))
    credits_ = Credits(database, gateway="g", clock=SystemClock(), on_lost=lambda *_: None)
    await credits_.begin()
    await credits_.grant(("USDC", "user:ann"), "signup", 100)
    credits_.leases.capture(await credits_.leases.open(("USDC", "user:ann"), "r", 10), 7)
    await credits_.close()
    await database.close()


@pytest.fixture
def books(place: Path) -> Path:
    """A database with books."""
    path = place / "antiphon.db"
    asyncio.run(write_books(path))
    return path


def test_sound_books(run: Run, books: Path) -> None:
    """The ends of both chains, one a line; the group alone does the same."""
    ran = run("ledger", "--data-dir", str(books.parent))
    assert ran.code == 0
    usdc, dev = ran.out.splitlines()
    assert usdc.startswith("USDC:2:")
    assert dev == "DEV:0:"
    assert "The books are sound: 2 journals, 7 accounts, 0 holds, 0 receipts." in ran.notes
    again = run("ledger", "verify", "--data-dir", str(books.parent), "--head", usdc)
    assert again.code == 0


def test_a_broken_row_is_named(run: Run, books: Path) -> None:
    """On a line of its own, or in JSON."""
    with sqlite3.connect(books) as connection:
        connection.execute("UPDATE ledger_entries SET amount = amount - 1 WHERE number = 2 AND account = 'user:ann'")
    connection.close()
    ran = run("ledger", "verify", "--data-dir", str(books.parent))
    assert ran.code == 1
    assert ran.out.splitlines()[-1].startswith("journal 2 of USDC (use:r): its hash is not that of what it says")
    told = json.loads(run("ledger", "verify", "--data-dir", str(books.parent), "--json").out)
    assert told["ok"] is False
    assert told["fault"]["row"] == "journal 2 of USDC (use:r)"


def test_json(run: Run, books: Path) -> None:
    """All that was found."""
    told = json.loads(run("ledger", "verify", "--json", "--data-dir", str(books.parent)).out)
    assert (told["ok"], told["journals"], told["fault"]) == (True, 2, None)
    assert [head["number"] for head in told["heads"]] == [2, 0]


def test_an_end_that_is_not_there_any_more(run: Run, books: Path) -> None:
    """A chain that was cut off is found out by who noted its end."""
    ran = run("ledger", "verify", "--data-dir", str(books.parent), "--head", "USDC:3:00")
    assert ran.code == 1
    assert ran.out.splitlines()[-1] == "journal 3 of USDC: it was there, and is missing"


@pytest.mark.parametrize("head", ["USDC", "EUR:1:00", "USDC:x:00", "USDC:1:", "USDC:1:zz zz"])
def test_a_wrong_end(run: Run, books: Path, head: str) -> None:
    """The flag and its form are named."""
    ran = run("ledger", "verify", "--data-dir", str(books.parent), "--head", head)
    assert ran.code == 2
    assert "--head takes LEDGER:NUMBER:HASH" in ran.notes


def test_no_books(run: Run, place: Path) -> None:
    """Nothing is made where there is no database, and one without books is said to have none."""
    missing = run("ledger", "verify", "--data-dir", str(place / "none"))
    assert missing.code == 2
    assert "is not there" in missing.notes
    assert not (place / "none").exists()
    (place / "antiphon.db").touch()
    empty = run("ledger", "verify", "--data-dir", str(place))
    assert empty.code == 2
    assert "the books cannot be read" in empty.notes


def test_books_of_a_server(run: Run, postgres: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Read as those in a file."""
    url = postgres.new_url()

    async def begin() -> None:
        await open_database(url, data_dir=Path("/nonexistent")).close()

    asyncio.run(begin())
    monkeypatch.setenv("DATABASE_URL", url)
    assert run("ledger", "verify").out == "USDC:0:\nDEV:0:\n"
