"""Proves the books: every rule held against every row of one snapshot. What is wrong is named by its first row.

Sums are made here and not by the database, a page at a time, so that it works on books of any size beside a gateway
that goes on charging.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import groupby

from msgspec import Struct

from antiphon.credits import values
from antiphon.credits.ledger import (
    GENESIS,
    LEDGERS,
    Account,
    AccountKey,
    Entry,
    Journal,
    account_fault,
    journal_fault,
    seal,
    usage_id,
    user,
)
from antiphon.db import Connection, Row
from antiphon.key import Ledger

PAGE_ROWS = 1000
GRACE_MS = 10_000  # a hold whose time is up is ended by then

JOURNALS = (
    "SELECT number, id, kind, at_ms, hash FROM ledger_journals"
    " WHERE ledger = :ledger AND number > :after ORDER BY number LIMIT :limit"
)
ENTRIES = (
    "SELECT number, account, amount FROM ledger_entries"
    " WHERE ledger = :ledger AND number > :after AND number <= :last ORDER BY number"
)
ACCOUNTS = (
    "SELECT ledger, id, balance, held, overdraft FROM ledger_accounts"
    " WHERE (ledger, id) > (:ledger, :id) ORDER BY ledger, id LIMIT :limit"
)
KEPT_BACK = (
    "SELECT ledger, account, SUM(amount) FROM ("
    " SELECT ledger, account, amount FROM ledger_holds WHERE state = 'open'"
    " UNION ALL SELECT ledger, account, granted - spent AS amount FROM ledger_leases"
    ") AS kept GROUP BY ledger, account"
)
HOLDS = (
    "SELECT id, ledger, account, state, captured, epoch, expires_at_ms FROM ledger_holds"
    " WHERE id > :id ORDER BY id LIMIT :limit"
)
RECEIPTS = "SELECT id, ledger, account, charged FROM receipts WHERE id > :id ORDER BY id LIMIT :limit"
CHARGED = (
    "SELECT j.id, e.ledger, e.account, e.amount FROM ledger_journals AS j"
    " JOIN ledger_entries AS e ON e.ledger = j.ledger AND e.number = j.number WHERE e.amount < 0 AND j.id IN (VALUES"
)
LAST = 2**63 - 1


class Head(Struct, frozen=True):
    """Where a ledger's chain stood at some moment."""

    ledger: Ledger
    number: int
    hash: str


class Fault(Struct, frozen=True):
    """A row, and the rule that it breaks."""

    row: str
    rule: str

    def __str__(self) -> str:
        return f"{self.row}: {self.rule}"


class Findings(Struct, frozen=True):
    """What was looked at, where the chains end, and the first row that is wrong, if one is."""

    journals: int
    accounts: int
    holds: int
    receipts: int
    heads: tuple[Head, ...]
    fault: Fault | None


def verify(connection: Connection, *, now_ms: int, heads: tuple[Head, ...] = ()) -> Findings:
    """Hold the books against all rules; `heads`, noted earlier, must still be in their chains."""
    books = _Books(connection, {(head.ledger, head.number): head.hash for head in heads})
    fault = next(books.faults(now_ms), None)
    seen = books.seen
    return Findings(
        journals=seen["journals"],
        accounts=seen["accounts"],
        holds=seen["holds"],
        receipts=seen["receipts"],
        heads=tuple(books.heads),
        fault=fault,
    )


class _Books:
    """One reading of everything."""

    def __init__(self, connection: Connection, noted: Mapping[tuple[Ledger, int], str]) -> None:
        self._connection = connection
        self._noted = noted
        self._folded: Counter[AccountKey] = Counter()
        self.seen: Counter[str] = Counter()
        self.heads: list[Head] = []

    def faults(self, now_ms: int) -> Iterator[Fault]:
        """Everything that is wrong, in the order of the rows."""
        for ledger in LEDGERS:
            yield from self._chain(ledger)
        yield from self._accounts()
        yield from self._holds(now_ms)
        yield from self._receipts()

    def _chain(self, ledger: Ledger) -> Iterator[Fault]:
        """Numbers without gaps, hashes that follow from each other, entries that sum to zero."""
        number, last = 0, GENESIS
        for row, entries in self._journals(ledger):
            number += 1
            if row[0] != number:
                yield Fault(f"journal {number} of {ledger}", f"it is missing, the next is {row[0]}")
                return
            journal = Journal(ledger, row[1], row[2], row[3], entries)
            name = f"journal {number} of {ledger} ({journal.id})"
            expected = seal(last, number, journal)
            last = row[4]
            if last != expected or self._noted.get((ledger, number), last) != last:
                yield Fault(name, "its hash is not that of what it says and of the journal before it")
            if fault := journal_fault(entries):
                yield Fault(name, fault)
            self.seen["journals"] += 1
            for entry in entries:
                self._folded[ledger, entry.account] += entry.amount
        yield from self._head(Head(ledger, number, last))

    def _head(self, found: Head) -> Iterator[Fault]:
        """The chain ends where the next journal would go on, and has not lost its end since it was noted."""
        self.heads.append(found)
        sql = "SELECT number, hash FROM ledger_heads WHERE ledger = :ledger"
        if self._connection.one(sql, ledger=found.ledger) != (found.number, found.hash):
            yield Fault(f"head of {found.ledger}", f"the last journal is {found.number}, with another hash or number")
        beyond = self._connection.one(ENTRIES, ledger=found.ledger, after=found.number, last=LAST)
        if beyond is not None:
            yield Fault(f"entry of {beyond[1]} in journal {beyond[0]} of {found.ledger}", "there is no such journal")
        for ledger, number in self._noted:
            if ledger == found.ledger and number > found.number:
                yield Fault(f"journal {number} of {ledger}", "it was there, and is missing")

    def _journals(self, ledger: Ledger) -> Iterator[tuple[Row, tuple[Entry, ...]]]:
        """Each journal's row with its entries, as it was sealed."""
        after = 0
        while page := self._connection.all(JOURNALS, ledger=ledger, after=after, limit=PAGE_ROWS):
            rows = self._connection.all(ENTRIES, ledger=ledger, after=after, last=page[-1][0])
            by_number = {
                number: tuple(sorted((Entry(*row[1:]) for row in own), key=lambda entry: entry.account))
                for number, own in groupby(rows, key=lambda row: row[0])
            }
            for row in page:
                yield row, by_number.get(row[0], ())
            after = page[-1][0]

    def _accounts(self) -> Iterator[Fault]:
        """Balances are what entries sum to, and what is held back is what open holds and leases are."""
        kept_back = {(row[0], row[1]): int(row[2]) for row in self._connection.all(KEPT_BACK)}
        after = ("", "")
        while page := self._connection.all(ACCOUNTS, ledger=after[0], id=after[1], limit=PAGE_ROWS):
            for row in page:
                account = Account(row[0], row[1], row[2], row[3], bool(row[4]))
                key = account.ledger, account.id
                folded = self._folded.pop(key, 0)
                if fault := account_fault(account, folded=folded, kept_back=kept_back.get(key, 0)):
                    yield Fault(f"account {account.id} of {account.ledger}", fault)
                self.seen["accounts"] += 1
            after = page[-1][0], page[-1][1]
        for key in self._folded:
            yield Fault(f"account {key[1]} of {key[0]}", "entries name it, and there is no such account")

    def _holds(self, now_ms: int) -> Iterator[Fault]:
        """None is open past its time, and exactly those that were captured were charged."""
        runs = {epoch for (epoch,) in self._connection.all("SELECT epoch FROM ledger_gateways")}
        after = ""
        while page := self._connection.all(HOLDS, id=after, limit=PAGE_ROWS):
            ids = [(usage_id(row[0]),) for row in page]
            charged = self._charged(ids)
            for hold_id, ledger, account, state, captured, epoch, expires_at_ms in page:
                expected = (ledger, account, -captured) if captured else None
                if charged.get(usage_id(hold_id)) != expected:
                    yield Fault(f"hold {hold_id}", f"it is {state} for {captured}, its journal says something else")
                if state == "open" and (epoch not in runs or expires_at_ms + GRACE_MS < now_ms):
                    yield Fault(f"hold {hold_id}", "it is open past its time")
                self.seen["holds"] += 1
            after = page[-1][0]

    def _receipts(self) -> Iterator[Fault]:
        """Each says what its journal does, and none says that something was charged which was not."""
        after = ""
        while page := self._connection.all(RECEIPTS, id=after, limit=PAGE_ROWS):
            charged = self._charged([(usage_id(row[0]),) for row in page])
            for receipt_id, ledger, account, amount in page:
                expected = (ledger, user(account), -amount) if amount else None
                if charged.get(usage_id(receipt_id)) != expected:
                    yield Fault(f"receipt {receipt_id}", f"it says {amount}, its journal says something else")
                self.seen["receipts"] += 1
            after = page[-1][0]

    def _charged(self, ids: values.Rows) -> dict[str, Row]:
        """Who paid how much by each of these journals, of those that there are."""
        return {row[0]: row[1:] for row in values.all_of(self._connection, CHARGED, ids, ")")}
