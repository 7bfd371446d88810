"""The credit in the database, for commands: no gateway is asked, and those that run spend what is granted at once."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TypeVar

from antiphon.accounts.model import account_fault
from antiphon.cli.key_flags import PlaceFlags, place_assignments
from antiphon.clock import Clock
from antiphon.credits.lease_store import Settlement
from antiphon.credits.ledger import AMOUNT_MAX, AccountKey, user
from antiphon.credits.money import MICRO
from antiphon.credits.service import Credits
from antiphon.db.open import open_database
from antiphon.errors import ConfigError
from antiphon.key import Ledger
from antiphon.settings.load import load

Result = TypeVar("Result")


def with_credits(place: PlaceFlags, clock: Clock, use: Callable[[Credits], Awaitable[Result]]) -> Result:
    """What `use` does with the books of the database that the settings name; it holds and charges nothing."""
    settings = load(
        config=place.config, variables=os.environ, flags=place_assignments(place), folder=Path.cwd()
    ).settings
    url = None if settings.database.url is None else settings.database.url.reveal()

    async def work() -> Result:
        database = open_database(url, data_dir=settings.data_dir, clock=clock)
        try:
            return await use(Credits(database, gateway="command", clock=clock, on_lost=_uncharged))
        finally:
            await database.close()

    return asyncio.run(work())


def account_key(account: str, ledger: Ledger) -> AccountKey:
    """The account in the books; ConfigError for what cannot be one."""
    if fault := account_fault(account):
        raise ConfigError(f"ACCOUNT: {fault}.")
    return ledger, user(account)


def micro(text: str) -> int:
    """The millionths that `2.50` stands for; ConfigError unless it is more than nothing."""
    try:
        amount = Decimal(text) * MICRO
        if amount == amount.to_integral_value() and 0 < amount <= AMOUNT_MAX:
            return int(amount)
    except (InvalidOperation, ValueError, OverflowError):
        pass
    raise ConfigError(f"AMOUNT: expected more than 0 with at most six decimals, such as 2.50, not `{text}`.")


def _uncharged(settlement: Settlement, _reason: str) -> None:
    raise AssertionError(f"a command charges nothing: {settlement.request_id}")
