"""/v1/earnings: what the caller's nodes have earned."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from msgspec import Struct

from antiphon.credits.earnings import Earned, Earnings
from antiphon.credits.money import usdc_text
from antiphon.credits.routes import account_of
from antiphon.http.exchange import JSON, Exchange, require_key
from antiphon.key import Ledger


class WireEarned(Struct, frozen=True):
    """What one node earned; `owed` is what is left of it to be paid out."""

    node: str
    earned_micro_usdc: int
    paid_micro_usdc: int
    owed_micro_usdc: int
    owed_usdc: str


class WireEarnings(Struct, frozen=True):
    """All nodes of one owner, and what they have earned together."""

    owner: str
    ledger: Ledger
    data: list[WireEarned]
    earned_micro_usdc: int
    paid_micro_usdc: int
    owed_micro_usdc: int
    owed_usdc: str
    object: str = "earnings"


class EarningRoutes:
    """The earnings of the account whose key calls: a wallet's, where the wallet owns nodes."""

    def __init__(self, earnings: Earnings) -> None:
        self._earnings = earnings

    async def get(self, exchange: Exchange) -> None:
        """A statement, node by node, in the books that the key pays out of."""
        key = require_key(exchange)
        ledger, _ = account_of(key)
        found = await self._earnings.of(key.account, ledger)
        exchange.respond(200, msgspec.json.encode(shown(key.account, ledger, found)), JSON)


def shown(owner: str, ledger: Ledger, found: Sequence[Earned]) -> WireEarnings:
    """A statement on the wire."""
    earned, paid, owed = (
        sum(values)
        for values in (
            [one.earned for one in found],
            [one.paid for one in found],
            [one.owed for one in found],
        )
    )
    data = [WireEarned(one.node, one.earned, one.paid, one.owed, usdc_text(one.owed)) for one in found]
    return WireEarnings(owner, ledger, data, earned, paid, owed, usdc_text(owed))
