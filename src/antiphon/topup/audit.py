"""Holds the books against the chain: every credited payment must be there, and together they are what came in."""

from __future__ import annotations

from functools import partial

from msgspec import Struct

from antiphon.credits import store as books
from antiphon.credits.ledger import USDC_IN
from antiphon.db import Database
from antiphon.topup import store
from antiphon.topup.contract import TokenContract

PAGE_ROWS = 100


class Audit(Struct, frozen=True):
    """Micro-USDC. `missing` are credited payments that the chain does not have."""

    payments: int
    on_chain: int
    in_books: int  # what the books say was ever paid in
    balance: int  # what the recipient has now: others may pay to it, and its owner may spend
    missing: tuple[str, ...]

    @property
    def sound(self) -> bool:
        """Whether the books have neither more nor less than the chain."""
        return not self.missing and self.on_chain == self.in_books


async def audit(database: Database, contract: TokenContract, pay_to: str) -> Audit:
    """Ask the chain for each credited payment; RpcFailed when it does not tell."""
    after, payments, on_chain, missing = "", 0, 0, []
    while page := await database.read(partial(store.credited, after=after, limit=PAGE_ROWS)):
        for topup in page:
            payments += 1
            if await contract.has(topup):
                on_chain += topup.amount
            else:
                missing.append(topup.id)
        after = page[-1].id
    account = await database.read(partial(books.account, key=("USDC", USDC_IN)))
    return Audit(payments, on_chain, -account.balance, await contract.balance(pay_to), tuple(missing))
