"""The rules of the books, without any books."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from antiphon.credits import ledger
from antiphon.credits.ledger import (
    AMOUNT_MAX,
    GENESIS,
    Account,
    AccountKey,
    Earner,
    Entry,
    Journal,
    account_fault,
    charge,
    journal_fault,
    seal,
)

ANN: AccountKey = ("USDC", ledger.user("ann"))
amounts = st.integers(1, AMOUNT_MAX)


def sums_to_zero(journal: Journal) -> bool:
    """Whether it moves money, and makes none."""
    return journal_fault(journal.entries) is None


@given(cost=amounts, bps=st.integers(0, 10_000))
def test_every_kind_of_journal_sums_to_zero(cost: int, bps: int) -> None:
    """Whatever the amounts, and whoever earns of them."""
    assert sums_to_zero(ledger.usage(ANN, "r", cost, at_ms=1))
    assert sums_to_zero(ledger.usage(ANN, "r", cost, at_ms=1, earner=Earner(ledger.node("n"), bps)))
    assert sums_to_zero(ledger.grant(ANN, "signup:ann", cost, at_ms=1))
    assert sums_to_zero(ledger.topup(ANN[1], "t", cost, at_ms=1))
    assert sums_to_zero(ledger.transfer("DEV", "m", ANN[1], "user:bob", cost, at_ms=1))


def test_shares_add_up() -> None:
    """The earner gets its part rounded down, the platform the rest, and who earns nothing is left out."""
    shared = ledger.usage(ANN, "r", 101, at_ms=1, earner=Earner("node:n", 8_333))
    assert {entry.account: entry.amount for entry in shared.entries} == {
        "user:ann": -101,
        "node:n": 84,
        "sys:platform": 17,
    }
    assert len(ledger.usage(ANN, "r", 1, at_ms=1, earner=Earner("node:n", 8_333)).entries) == 2
    assert len(ledger.usage(ANN, "r", 5, at_ms=1, earner=Earner("node:n", 10_000)).entries) == 2


def test_several_earn_by_what_they_did() -> None:
    """Together exactly one share; who stands twice earns twice, and what nobody's account did is the platform's."""
    earner = Earner("node:a@0x1", 8_000, work=70, beside=(("node:b@0x2", 20), ("", 5), ("node:a@0x1", 5)))
    assert earner.earned(125) == {"node:a@0x1": 75, "node:b@0x2": 20}
    journal = ledger.usage(ANN, "r", 125, at_ms=1, earner=earner)
    assert {entry.account: entry.amount for entry in journal.entries} == {
        "user:ann": -125,
        "node:a@0x1": 75,
        "node:b@0x2": 20,
        "sys:platform": 30,
    }


@given(cost=amounts, bps=st.integers(0, 10_000), work=st.lists(st.integers(0, 10_000), min_size=2, max_size=6))
def test_earnings_are_exact(cost: int, bps: int, work: list[int]) -> None:
    """To the micro-USDC, however many did it and whatever their parts: one share, and no journal that makes money."""
    named = [(f"node:{index}@0x", part) for index, part in enumerate(work)]
    earner = Earner(named[0][0], bps, named[0][1], tuple(named[1:]))
    assert sum(earner.earned(cost).values()) == cost * bps // 10_000
    assert all(amount >= 0 for amount in earner.earned(cost).values())
    assert sums_to_zero(ledger.usage(ANN, "r", cost, at_ms=1, earner=earner))


def test_a_payout_takes_from_each() -> None:
    """What an owner's nodes earned goes out as one, by an id of its own."""
    paid = ledger.payout("p", {"node:a@0x1": 30, "node:b@0x1": 12}, at_ms=1)
    assert (paid.id, paid.kind, paid.ledger) == ("payout:p", "transfer", "USDC")
    assert {entry.account: entry.amount for entry in paid.entries} == {
        "node:a@0x1": -30,
        "node:b@0x1": -12,
        "sys:usdc_out": 42,
    }


def test_an_account_names_node_and_owner() -> None:
    """Both are found again, also where a node's name is an address of a server."""
    assert ledger.of_node(ledger.node("127.0.0.1:8001/a@b", "0xAb")) == ("127.0.0.1:8001/a@b", "0xAb")
    assert ledger.of_node(ledger.node("n")) == ("n", "")


def test_ids_say_what_they_are_for() -> None:
    """So that a request is charged once and a payment credited once."""
    assert ledger.usage(ANN, "r", 1, at_ms=1).id == ledger.usage_id("r") == "use:r"
    assert ledger.topup(ANN[1], "t", 1, at_ms=1).id == "topup:t"


@pytest.mark.parametrize(
    ("entries", "fault"),
    [
        ((), "it moves nothing"),
        ((Entry("a", 1), Entry("b", -2)), "do not sum to zero"),
        ((Entry("a", 0), Entry("b", 0)), "zero or too large"),
        ((Entry("a", AMOUNT_MAX + 1), Entry("b", -AMOUNT_MAX - 1)), "zero or too large"),
        ((Entry("a", 1), Entry("b", -3), Entry("a", 2)), "twice"),
    ],
)
def test_what_is_no_journal(entries: tuple[Entry, ...], fault: str) -> None:
    """Each rule is named."""
    assert fault in (journal_fault(entries) or "")


@pytest.mark.parametrize(
    ("account", "fault"),
    [
        (Account(*ANN, 10, 4), None),
        (Account(*ANN, 10, 5), "it holds back 5, its open holds and leases 4"),
        (Account(*ANN, 11, 4), "its balance is 11, its entries sum to 10"),
    ],
)
def test_what_an_account_must_be(account: Account, fault: str | None) -> None:
    """The sum of its entries, and of what is held of it."""
    assert account_fault(account, folded=10, kept_back=4) == fault


def test_only_the_outside_world_may_be_overdrawn() -> None:
    """Money comes from there."""
    poor = Account(*ANN, 3, 4)
    assert account_fault(poor, folded=3, kept_back=4) == "it is overdrawn by 1"
    assert account_fault(replace(poor, overdraft=True), folded=3, kept_back=4) is None
    assert account_fault(Account(*ANN, 3, -1), folded=3, kept_back=-1) == "it holds back less than nothing"


@given(amount=st.integers(0, 1000), cost=st.integers(-10, 2000))
def test_a_charge_is_within_its_hold(amount: int, cost: int) -> None:
    """Neither more than was held nor less than nothing."""
    assert 0 <= charge(amount, cost) <= amount
    assert charge(amount, cost) == cost or not 0 <= cost <= amount


def test_a_seal_is_the_digest_of_one_text() -> None:
    """Its form never changes, or no chain of before could be proved any more."""
    journal = ledger.transfer("USDC", "m", "user:ann", "user:bob", 5, at_ms=1)
    text = b'["00",7,"USDC","m","transfer",1,[["user:ann",-5],["user:bob",5]]]'
    assert seal("00", 7, journal) == hashlib.sha256(text).hexdigest()


def test_a_seal_covers_everything() -> None:
    """Whatever is changed in a journal, or before it, changes its hash."""
    journal = ledger.transfer("USDC", "m", "user:ann", "user:bob", 5, at_ms=1)
    first = seal(GENESIS, 1, journal)
    others = [
        seal("0", 1, journal),
        seal(GENESIS, 2, journal),
        *(
            seal(GENESIS, 1, changed)
            for changed in (
                replace(journal, ledger="DEV"),
                replace(journal, id="n"),
                replace(journal, kind="grant"),
                replace(journal, at_ms=2),
                replace(journal, entries=journal.entries[:1]),
                replace(journal, entries=tuple(replace(entry, amount=2 * entry.amount) for entry in journal.entries)),
                replace(journal, entries=tuple(replace(entry, account="user:eve") for entry in journal.entries)),
            )
        ),
    ]
    assert len({first, *others}) == len(others) + 1
    assert first == seal(GENESIS, 1, journal)


def test_what_is_free() -> None:
    """What is not kept back."""
    assert Account(*ANN, 10, 4).free == 6
