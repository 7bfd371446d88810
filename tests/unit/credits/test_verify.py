"""The proof of the books: whatever is changed behind their back is named by its row."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from antiphon.credits import verify as verify_module
from antiphon.credits.closing import Closing
from antiphon.credits.ledger import AccountKey
from antiphon.credits.verify import Findings, Head, verify
from antiphon.db import Connection, Database
from antiphon.db.open import open_database
from tests.unit.credits.asking import draft
from tests.unit.credits.books import AT_MS, FAR_S, Books

KEY: AccountKey = ("USDC", "user:ann")


async def write_books(books: Books) -> None:
    """Six journals, an open, a captured and a voided hold, a lease, and two receipts."""
    gateway = await books.gateway("only")
    await gateway.grant(KEY, "signup", 1000)
    await gateway.grant(("DEV", "user:ann"), "faucet", 500)
    await gateway.open_hold(books.hold(KEY, 10, "open"), expires_in_s=FAR_S)
    for name, end in (("captured", gateway.capture), ("other", gateway.capture)):
        await gateway.open_hold(books.hold(KEY, 20, name), expires_in_s=FAR_S)
        await end(name, 15)
    await gateway.open_hold(books.hold(KEY, 20, "voided"), expires_in_s=FAR_S)
    await gateway.void("voided")
    hold = await gateway.leases.open(KEY, "leased", 30)
    gateway.leases.end(hold, 25, 1)
    gateway.leases.settlements.put(Closing("leased", hold, draft(id="leased", charged=25)))
    gateway.leases.settlements.put(Closing("free", draft=draft(id="free", charged=0)))
    await gateway.leases.settlements.all_settled()
    await gateway.transfer("USDC", "moved", KEY[1], "user:bob", 7)


async def findings(books: Books, *, now_ms: int = 0, heads: tuple[Head, ...] = ()) -> Findings:
    """What the proof finds."""
    found: Findings = await books.database.read(partial(verify, now_ms=now_ms, heads=heads))
    return found


async def test_sound_books(books: Books, monkeypatch: pytest.MonkeyPatch) -> None:
    """All is counted, read in pages of any size, and the ends of both chains are told."""
    await write_books(books)
    whole = await findings(books)
    assert whole.fault is None
    assert (whole.journals, whole.holds, whole.receipts) == (6, 4, 2)
    assert [(head.ledger, head.number) for head in whole.heads] == [("USDC", 5), ("DEV", 1)]
    monkeypatch.setattr(verify_module, "PAGE_ROWS", 2)
    assert await findings(books) == whole


CHANGES = {
    "UPDATE receipts SET charged = 24 WHERE id = 'leased'": ("receipt leased", "it says 24"),
    "UPDATE receipts SET charged = 1 WHERE id = 'free'": ("receipt free", "it says 1"),
    "UPDATE receipts SET account = 'bob' WHERE id = 'leased'": ("receipt leased", "it says 25"),
    "UPDATE ledger_entries SET amount = amount + 1 WHERE number = 2 AND ledger = 'USDC' AND account = 'user:ann'": (
        "journal 2 of USDC (use:captured)",
        "hash",
    ),
    "UPDATE ledger_entries SET account = 'user:bob' WHERE number = 3 AND ledger = 'USDC' AND amount < 0": (
        "journal 3 of USDC",
        "hash",
    ),
    "UPDATE ledger_journals SET at_ms = at_ms + 1 WHERE number = 4 AND ledger = 'USDC'": ("journal 4 of USDC", "hash"),
    "UPDATE ledger_journals SET kind = 'topup' WHERE number = 1 AND ledger = 'DEV'": ("journal 1 of DEV", "hash"),
    "UPDATE ledger_journals SET hash = 'x' WHERE number = 1 AND ledger = 'USDC'": ("journal 1 of USDC", "hash"),
    "DELETE FROM ledger_entries WHERE number = 4 AND ledger = 'USDC'": ("journal 4 of USDC", "hash"),
    "UPDATE ledger_heads SET number = 9 WHERE ledger = 'USDC'": ("head of USDC", "last journal is 5"),
    "UPDATE ledger_accounts SET balance = balance + 1 WHERE id = 'user:bob'": (
        "account user:bob of USDC",
        "balance is 8, its entries sum to 7",
    ),
    "UPDATE ledger_accounts SET held = held + 1 WHERE id = 'user:ann' AND ledger = 'DEV'": (
        "account user:ann of DEV",
        "holds back 1, its open holds and leases 0",
    ),
    "DELETE FROM ledger_leases WHERE account = 'user:ann'": ("account user:ann of USDC", "holds back"),
    "UPDATE ledger_holds SET state = 'voided' WHERE id = 'open'": ("account user:ann of USDC", "holds back"),
    "UPDATE ledger_holds SET captured = 14 WHERE id = 'captured'": ("hold captured", "its journal says something else"),
    "UPDATE ledger_holds SET state = 'voided', captured = 0 WHERE id = 'other'": ("hold other", "something else"),
    "UPDATE ledger_holds SET epoch = 99 WHERE id = 'open'": ("hold open", "past its time"),
}


@pytest.mark.parametrize("change", CHANGES)
async def test_each_change_is_named(database: Database, change: str) -> None:
    """By the first row that is not what it should be, and the rule that it breaks."""
    books = Books(database)
    await write_books(books)

    def work(connection: Connection) -> int:
        return connection.run(change)

    assert await books.run(work)
    fault = (await findings(books)).fault
    assert fault is not None
    row, rule = CHANGES[change]
    assert row in str(fault)
    assert rule in fault.rule
    for gateway in books._gateways:
        await books.crash(gateway)


async def test_a_hold_may_be_open_for_its_time(books: Books) -> None:
    """And some seconds more, in which it is ended."""
    await write_books(books)
    soon_ms = int(books.clock.now() * 1000)
    assert (await findings(books, now_ms=soon_ms)).fault is None
    late = await findings(books, now_ms=soon_ms + int(FAR_S * 1000) + 60_000)
    assert str(late.fault) == "hold open: it is open past its time"


async def test_a_noted_end_must_still_be_there(books: Books) -> None:
    """Books that were written anew, or cut off, do not lead to it."""
    await write_books(books)
    noted = (await findings(books)).heads
    gateway = books._gateways[0]
    await gateway.grant(KEY, "more", 5)
    assert (await findings(books, heads=noted)).fault is None
    forged = Head("USDC", 3, noted[0].hash)
    assert "journal 3 of USDC" in str((await findings(books, heads=(forged,))).fault)
    longer = Head("USDC", 100, noted[0].hash)
    assert str((await findings(books, heads=(longer,))).fault) == "journal 100 of USDC: it was there, and is missing"


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_what_foreign_keys_would_have_refused(database: Database, database_url: str, tmp_path: Path) -> None:
    """A journal that is gone, an entry of none, an account that is not there: named as well."""
    import sqlite3

    books = Books(database)
    await write_books(books)
    path = database_url.removeprefix("sqlite:///")
    for change, named in (
        ("DELETE FROM ledger_journals WHERE number = 5 AND ledger = 'USDC'", "head of USDC"),
        ("UPDATE ledger_heads SET number = 4, hash = (SELECT hash FROM ledger_journals WHERE number = 4)", "journal 5"),
        ("DELETE FROM ledger_journals WHERE number = 3", "journal 3 of USDC: it is missing, the next is 4"),
    ):
        with sqlite3.connect(path) as connection:
            connection.execute(change)
        connection.close()
        again = open_database(database_url, data_dir=tmp_path)
        found = await again.read(partial(verify, now_ms=AT_MS * 0))
        await again.close()
        assert named in str(found.fault), change
    for gateway in books._gateways:
        await books.crash(gateway)
