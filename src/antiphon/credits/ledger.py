"""The books: accounts, journals that sum to zero, holds that end once. Pure; each invariant stands here, and only here.

Amounts are whole micro-USDC. There are two ledgers: USDC was paid for, DEV is play money, and nothing moves between
them. A journal is never changed; what was wrong is put right by another.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from operator import attrgetter
from typing import Literal

import msgspec
from msgspec import Struct

from antiphon.credits.pricing import share, split
from antiphon.key import Ledger

Kind = Literal["usage", "topup", "grant", "transfer"]
State = Literal["open", "captured", "voided", "expired"]
AccountKey = tuple[Ledger, str]

LEDGERS: tuple[Ledger, ...] = ("USDC", "DEV")
AMOUNT_MAX = 10**15  # a thousand million USDC; sums of many still fit a database's whole number
ACCOUNT = attrgetter("account")
GENESIS = ""  # what stands for the hash before the first

NODE = "node:"
USDC_IN = "sys:usdc_in"
USDC_OUT = "sys:usdc_out"
PLATFORM = "sys:platform"
GRANTS = "sys:grants"


@lru_cache(maxsize=4096)
def user(account: str) -> str:
    """The id of the account of somebody who pays."""
    return f"user:{account}"


def node(name: str, owner: str = "") -> str:
    """The id of the account of a node that earns, for the wallet that owns it."""
    return f"{NODE}{name}@{owner}" if owner else f"{NODE}{name}"


def of_node(account: str) -> tuple[str, str]:
    """The node and the owner of such an account."""
    name, _, owner = account.removeprefix(NODE).rpartition("@")
    return (name, owner) if name else (owner, "")


class Account(Struct, frozen=True):
    """What an account has, and how much of that open holds and leases keep back."""

    ledger: Ledger
    id: str
    balance: int = 0
    held: int = 0
    overdraft: bool = False

    @property
    def free(self) -> int:
        """What can be promised or moved."""
        return self.balance - self.held


class Entry(Struct, frozen=True, array_like=True, gc=False):
    """What a journal adds to one account."""

    account: str
    amount: int


class Journal(Struct, frozen=True, gc=False):
    """One event, whole: what all its entries give is what they take. The same id never happens twice."""

    ledger: Ledger
    id: str
    kind: Kind
    at_ms: int
    entries: tuple[Entry, ...]


class Earner(Struct, frozen=True):
    """Who earns of a request, and how much of what it costs, in hundredths of a per cent.

    Where others did it too they stand in `beside`, and each earns by how much of the work it did; what nobody's
    account ("") did is the platform's.
    """

    account: str
    bps: int
    work: int = 1
    beside: tuple[tuple[str, int], ...] = ()

    def earned(self, cost: int) -> dict[str, int]:
        """What each account earns of a cost: together exactly the share, but for what nobody did."""
        whole = share(cost, self.bps)
        if not self.beside:
            return {self.account: whole}
        did = ((self.account, self.work), *self.beside)
        earned: dict[str, int] = {}
        for (account, _), amount in zip(did, split(whole, [work for _, work in did]), strict=True):
            if account:
                earned[account] = earned.get(account, 0) + amount
        return earned


class Hold(Struct, frozen=True):
    """Money kept back for a request until it is known what it cost: open, then one of the other three, once."""

    id: str
    ledger: Ledger
    account: str
    amount: int
    state: State = "open"
    captured: int = 0


def usage_id(request_id: str) -> str:
    """The id of the one journal by which a request is charged."""
    return f"use:{request_id}"


def usage(key: AccountKey, request_id: str, cost: int, *, at_ms: int, earner: Earner | None = None) -> Journal:
    """A request is paid for: the account pays `cost`, the earner gets its share of it, the platform the rest."""
    if earner is None:
        return _journal(key[0], usage_id(request_id), "usage", at_ms, [Entry(key[1], -cost), Entry(PLATFORM, cost)])
    earned = earner.earned(cost)
    parts = [Entry(key[1], -cost), Entry(PLATFORM, cost - sum(earned.values()))]
    parts += [Entry(account, amount) for account, amount in earned.items()]
    return _journal(key[0], usage_id(request_id), "usage", at_ms, parts)


def grant(key: AccountKey, journal_id: str, amount: int, *, at_ms: int) -> Journal:
    """Credit that nobody paid for."""
    return _journal(key[0], journal_id, "grant", at_ms, [Entry(GRANTS, -amount), Entry(key[1], amount)])


def topup(account: str, topup_id: str, amount: int, *, at_ms: int) -> Journal:
    """USDC that came in from outside."""
    return _journal("USDC", f"topup:{topup_id}", "topup", at_ms, [Entry(USDC_IN, -amount), Entry(account, amount)])


def transfer(ledger: Ledger, journal_id: str, source: str, target: str, amount: int, *, at_ms: int) -> Journal:
    """Money that goes from one account to another."""
    return _journal(ledger, journal_id, "transfer", at_ms, [Entry(source, -amount), Entry(target, amount)])


def payout(payout_id: str, parts: Mapping[str, int], *, at_ms: int) -> Journal:
    """USDC that went out to somebody who earned it, out of several accounts."""
    entries = [Entry(account, -amount) for account, amount in parts.items()]
    return _journal("USDC", f"payout:{payout_id}", "transfer", at_ms, [*entries, Entry(USDC_OUT, sum(parts.values()))])


def _journal(ledger: Ledger, journal_id: str, kind: Kind, at_ms: int, entries: Iterable[Entry]) -> Journal:
    told = [entry for entry in entries if entry.amount]
    told.sort(key=ACCOUNT)
    return Journal(ledger, journal_id, kind, at_ms, tuple(told))


def charge(amount: int, cost: int) -> int:
    """What a hold of `amount` is captured for: never more than was held, whatever somebody says it cost."""
    if cost <= amount:
        return max(0, cost)
    return amount


def journal_fault(entries: Sequence[Entry]) -> str | None:
    """Why these cannot be a journal's entries: each moves something, no account stands twice, all sum to zero."""
    if len(entries) < 2:
        return "it moves nothing"
    total = 0
    accounts = set()
    for entry in entries:
        if not 0 < abs(entry.amount) <= AMOUNT_MAX:
            return "one of its amounts is zero or too large"
        total += entry.amount
        accounts.add(entry.account)
    if total:
        return "its entries do not sum to zero"
    if len(accounts) < len(entries):
        return "an account stands in it twice"
    return None


def account_fault(account: Account, *, folded: int, kept_back: int) -> str | None:
    """Why an account is wrong, whose entries sum to `folded` and of which holds and leases keep `kept_back`."""
    if account.balance != folded:
        return f"its balance is {account.balance}, its entries sum to {folded}"
    if account.held != kept_back:
        return f"it holds back {account.held}, its open holds and leases {kept_back}"
    if account.held < 0:
        return "it holds back less than nothing"
    if not account.overdraft and account.free < 0:
        return f"it is overdrawn by {-account.free}"
    return None


def seal(before: str, number: int, journal: Journal) -> str:
    """The hash of journal `number`: of all it says and of the hash `before` it, so that no row can change alone."""
    told = (before, number, journal.ledger, journal.id, journal.kind, journal.at_ms, journal.entries)
    return hashlib.sha256(msgspec.json.encode(told)).hexdigest()
