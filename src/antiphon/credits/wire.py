"""Credit on the wire: the balance that Dria documents, with what is held beside it, and an account's history. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import UNSET, Struct, UnsetType

from antiphon.credits.ledger import Account, Kind
from antiphon.credits.money import credits_of, usdc_text
from antiphon.credits.paging import cursor
from antiphon.credits.store import Line
from antiphon.key import Ledger


class WireBalance(Struct, frozen=True):
    """What an account has: whole credits, of which a hundred are a USDC, and the exact amount as a text.

    The fields that are not required are ours: which books, and the amounts in micro-USDC. `held` is kept back for
    requests under way and for those to come; `free` is the rest.
    """

    balance: int
    balance_usdc: str
    ledger: Ledger | UnsetType = UNSET
    balance_micro_usdc: int | UnsetType = UNSET
    held_micro_usdc: int | UnsetType = UNSET
    free_micro_usdc: int | UnsetType = UNSET


class WireGift(Struct, frozen=True):
    """What the faucet gave, 0 when this day's was given before, and what there is now."""

    credits_added: int
    balance: int
    balance_usdc: str


class WireLine(Struct, frozen=True):
    """One journal, and what it added to the account; `id` is unique, such as `use:` and the id of a completion."""

    id: str
    kind: Kind
    amount_micro_usdc: int
    amount_usdc: str
    created_at_ms: int
    object: str = "credit_entry"


class WireLedger(Struct, frozen=True):
    """A part of an account's history, the newest first. Give `next` as `after` to go on."""

    ledger: Ledger
    data: list[WireLine]
    has_more: bool
    next: str | None
    object: str = "list"


def balance(account: Account, *, exact: bool) -> WireBalance:
    """An account's balance; `exact` leaves out what Dria does not document."""
    bare = WireBalance(credits_of(account.balance), usdc_text(account.balance))
    if exact:
        return bare
    return WireBalance(
        bare.balance,
        bare.balance_usdc,
        ledger=account.ledger,
        balance_micro_usdc=account.balance,
        held_micro_usdc=account.held,
        free_micro_usdc=account.free,
    )


def gift(account: Account, added: int) -> WireGift:
    """What was added, and the balance after it."""
    return WireGift(credits_of(added), credits_of(account.balance), usdc_text(account.balance))


def part_of_ledger(ledger: Ledger, lines: Sequence[Line], limit: int) -> WireLedger:
    """The first `limit` of the lines; one more tells of a next part."""
    shown, has_more = lines[:limit], len(lines) > limit
    data = [WireLine(row.journal_id, row.kind, row.amount, usdc_text(row.amount), row.at_ms) for row in shown]
    return WireLedger(ledger, data, has_more, cursor(shown[-1].number) if has_more else None)
