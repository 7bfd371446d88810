"""Play money that a gateway gives away: once to each account with its first test key, and by the faucet once a day.

All of it is DEV, which no key for money can spend. Each gift has an id, so it is given once, whoever asks.
"""

from __future__ import annotations

from datetime import UTC, datetime

from msgspec import Struct

from antiphon.accounts.model import KeyRecord
from antiphon.clock import Clock
from antiphon.credits import ledger, store
from antiphon.credits.ledger import AccountKey
from antiphon.db import Connection


class Gifts(Struct, frozen=True):
    """How much is given, in millionths of a DEV; 0 is nothing. The faucet runs only where `faucet` is above 0."""

    signup: int = 0
    faucet: int = 0


def signup_id(account: str) -> str:
    """The id of what an account is given with its first test key."""
    return f"signup:{account}"


def faucet_id(account: str, now_s: float) -> str:
    """The id of what the faucet gives an account on that day, by UTC."""
    return f"faucet:{account}:{datetime.fromtimestamp(now_s, UTC).date().isoformat()}"


class Welcome:
    """Gives an account its first credit in the transaction that stores its first test key."""

    def __init__(self, amount: int, *, clock: Clock) -> None:
        self._amount = amount
        self._clock = clock

    def __call__(self, connection: Connection, record: KeyRecord) -> None:
        """Give it, if this is a test key and the account was not given it before."""
        if not self._amount or record.kind != "test":
            return
        at_ms = int(self._clock.now() * 1000)
        key: AccountKey = ("DEV", ledger.user(record.account))
        store.post(connection, ledger.grant(key, signup_id(record.account), self._amount, at_ms=at_ms))
