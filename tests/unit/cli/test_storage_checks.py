"""Checks of what is stored: each thing that is wrong is told with what to do."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path

import pytest

from antiphon.cli.findings import Finding
from antiphon.cli.storage_checks import storage
from antiphon.clock import SystemClock
from antiphon.db.open import open_database
from antiphon.db.sqlite import PAGE_BYTES
from antiphon.settings.model import Settings
from tests.unit.credits.books import MovableClock

TOPUP = (
    "INSERT INTO topups (id, network, asset, pay_to, payer, nonce, account, amount, valid_before, from_block, state,"
    " reason, attempt_until_ms, created_at_ms, ended_at_ms) VALUES"
    " ('t-{state}', 'n', 'a', 'p', 'w', '{state}', 'ann', 2500000, 0, 0, '{state}', 'insufficient_funds',"
    " 0, {at}, {end})"
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """One with a database of this version."""
    asyncio.run(open_database(None, data_dir=tmp_path).close())
    return tmp_path


def change(folder: Path, sql: str) -> None:
    """Do something to the database that no gateway would."""
    with sqlite3.connect(folder / "antiphon.db") as connection:
        connection.execute(sql)
    connection.close()


def found(folder: Path, clock: MovableClock | None = None) -> dict[str, Finding]:
    """All findings, by their checks."""
    return {finding.check: finding for finding in storage(Settings(data_dir=folder), clock)}


def test_all_is_well(folder: Path) -> None:
    """Four findings at most, none with an advice."""
    findings = found(folder)
    assert list(findings) == ["database", "database's clock", "books"]
    assert {finding.status for finding in findings.values()} == {"ok"}
    assert "sound" in findings["books"].found


def test_before_the_first_start(tmp_path: Path) -> None:
    """Nothing is made by looking."""
    assert found(tmp_path)["database"].status == "ok"
    assert not (tmp_path / "antiphon.db").exists()


@pytest.mark.parametrize(
    ("sql", "status", "says"),
    [
        ("DELETE FROM migrations WHERE number = (SELECT MAX(number) FROM migrations)", "warn", "1 changes are still"),
        ("INSERT INTO migrations VALUES (9999, 'later', 'x', 0)", "fail", "a newer version has changed it"),
        ("DROP TABLE migrations", "fail", "cannot be read"),
    ],
)
def test_another_form(folder: Path, sql: str, status: str, says: str) -> None:
    """An older one, a newer one, and no database of ours; nothing else is looked at."""
    change(folder, sql)
    findings = found(folder)
    assert findings["database"].status == status
    assert says in findings["database"].found
    assert findings["database"].advice
    assert "books" not in findings


def test_books_that_do_not_add_up(folder: Path) -> None:
    """The row is named."""
    change(folder, "UPDATE ledger_accounts SET balance = 7 WHERE id = 'sys:platform' AND ledger = 'DEV'")
    finding = found(folder)["books"]
    assert finding.status == "fail"
    assert "sys:platform" in finding.found
    assert "Pay out nothing" in finding.advice


def test_clocks_that_are_apart(folder: Path) -> None:
    """Which is late, and by how much."""
    clock = MovableClock()
    clock.advance(60)
    finding = found(folder, clock)["database's clock"]
    assert (finding.status, finding.found[:3]) == ("warn", "-60")


@pytest.mark.parametrize(
    ("state", "end", "says"),
    [("dead", "{now}", "came to nothing: insufficient_funds"), ("settling", "NULL", "not settled after 10 minutes")],
)
def test_a_payment_that_became_no_credit(folder: Path, state: str, end: str, says: str) -> None:
    """How much, for whom, why not, and what can be done."""
    now_ms = int(SystemClock().now() * 1000)
    change(folder, TOPUP.format(state=state, at=now_ms - 3_600_000, end=end.format(now=now_ms)))
    finding = found(folder)[f"payment t-{state}"]
    assert finding.status == "warn"
    assert finding.found.startswith("2.50 USDC for ann")
    assert says in finding.found
    assert finding.advice


def test_a_damaged_file_is_told_from_a_silent_server(folder: Path) -> None:
    """With what to do, and whether its head or a page within is broken."""
    path = folder / "antiphon.db"
    change(folder, "PRAGMA wal_checkpoint(TRUNCATE)")  # or what stands in the log would hide the damage
    sound = path.read_bytes()
    for at in (0, PAGE_BYTES * 5):
        path.write_bytes(sound[:at] + b"\xff" * 100 + sound[at + 100 :])
        finding = found(folder)["database"]
        assert (finding.status, "is damaged" in finding.found) == ("fail", True)
        assert "put a backup in its place" in finding.advice
