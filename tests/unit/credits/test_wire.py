"""Balances and histories on the wire."""

from __future__ import annotations

import msgspec

from antiphon.credits import wire
from antiphon.credits.ledger import Account
from antiphon.credits.paging import cursor
from antiphon.credits.store import Line

ACCOUNT = Account("USDC", "user:ann", balance=9_998_731, held=2_000_000)


def test_the_documented_shape() -> None:
    """Byte for byte what Dria shows, where only that is wanted."""
    whole = msgspec.structs.replace(ACCOUNT, balance=10_000_000)
    assert msgspec.json.encode(wire.balance(whole, exact=True)) == b'{"balance":1000,"balance_usdc":"10.00"}'


def test_what_is_ours_stands_beside_it() -> None:
    """Credits are rounded down, the text and the amounts are exact."""
    assert msgspec.to_builtins(wire.balance(ACCOUNT, exact=False)) == {
        "balance": 999,
        "balance_usdc": "9.998731",
        "ledger": "USDC",
        "balance_micro_usdc": 9_998_731,
        "held_micro_usdc": 2_000_000,
        "free_micro_usdc": 7_998_731,
    }


def test_a_gift() -> None:
    """What came, and what there is."""
    assert msgspec.to_builtins(wire.gift(ACCOUNT, 50_000)) == {
        "credits_added": 5,
        "balance": 999,
        "balance_usdc": "9.998731",
    }


def test_a_part_of_a_history() -> None:
    """One line more than is shown tells of a next part, which begins behind the last one shown."""
    lines = [Line(9, "use:gen-1", "usage", 2, -11), Line(4, "signup:ann", "grant", 1, 5_000_000)]
    shown = wire.part_of_ledger("DEV", lines, 1)
    assert (shown.has_more, shown.next) == (True, cursor(9))
    assert msgspec.to_builtins(shown.data) == [
        {
            "id": "use:gen-1",
            "kind": "usage",
            "amount_micro_usdc": -11,
            "amount_usdc": "-0.000011",
            "created_at_ms": 2,
            "object": "credit_entry",
        }
    ]
    last = wire.part_of_ledger("DEV", lines[1:], 1)
    assert (last.has_more, last.next, last.data[0].amount_usdc) == (False, None, "5.00")
