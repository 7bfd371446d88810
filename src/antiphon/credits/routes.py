"""/v1/credits: what the caller's account has, and how that came about. /v1/dev/faucet: play money for development."""

from __future__ import annotations

import msgspec

from antiphon.clock import Clock
from antiphon.credits import wire
from antiphon.credits.gifts import Gifts, faucet_id
from antiphon.credits.ledger import AccountKey, user
from antiphon.credits.paging import read_part
from antiphon.credits.service import Credits
from antiphon.errors import PermissionDenied
from antiphon.http.exchange import JSON, Exchange, require_key
from antiphon.key import Key

WIRE_HEADER = b"x-wire"


class CreditRoutes:
    """The credit of the account whose key calls. `exact`: show only what Dria documents, unless a request differs."""

    def __init__(self, credits_: Credits, *, gifts: Gifts, clock: Clock, exact: bool = False) -> None:
        self._credits = credits_
        self._gifts = gifts
        self._clock = clock
        self._exact = exact

    async def balance(self, exchange: Exchange) -> None:
        """What there is, when all that this gateway charged before is in the books."""
        account = await self._credits.balance(account_of(require_key(exchange)))
        wanted = exchange.headers.get(WIRE_HEADER)
        exact = self._exact if wanted is None else wanted.lower() == b"exact"
        exchange.respond(200, msgspec.json.encode(wire.balance(account, exact=exact)), JSON)

    async def ledger(self, exchange: Exchange) -> None:
        """A part of the account's history, the newest first."""
        account, part = account_of(require_key(exchange)), read_part(exchange.query)
        lines = await self._credits.history(account, before=part.before, limit=part.limit + 1)
        exchange.respond(200, msgspec.json.encode(wire.part_of_ledger(account[0], lines, part.limit)), JSON)

    async def faucet(self, exchange: Exchange) -> None:
        """Play money, once a day; asked again that day it gives nothing, and says so."""
        key = require_key(exchange)
        amount = self._gifts.faucet
        if not amount:
            raise PermissionDenied("There is no faucet here: only a gateway in development has one.", code="faucet_off")
        account = account_of(key)
        if account[0] != "DEV":
            raise PermissionDenied("The faucet gives play money, and this key spends USDC.", code="faucet_off")
        given = await self._credits.grant(account, faucet_id(key.account, self._clock.now()), amount)
        now = await self._credits.balance(account)
        exchange.respond(200, msgspec.json.encode(wire.gift(now, amount if given else 0)), JSON)


def account_of(key: Key) -> AccountKey:
    """The account that the key's requests are charged to; PermissionDenied for a key that is never charged."""
    if key.ledger is None:
        raise PermissionDenied(
            "This key is the operator's own: nothing is charged to it, and it has no balance.", code="no_credit_account"
        )
    return key.ledger, user(key.account)
