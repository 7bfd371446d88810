"""GET /v1/earnings, as it is on the wire."""

from __future__ import annotations

import json
from functools import partial

import pytest

from antiphon.credits import ledger, store
from antiphon.credits.earning_routes import EarningRoutes
from antiphon.credits.earnings import Earnings
from antiphon.errors import PermissionDenied
from antiphon.key import Key
from tests.unit.credits.books import AT_MS, Books
from tests.unit.http.recording import exchange_of


async def test_a_statement(books: Books) -> None:
    """Each node, and all together, in the books that the key pays out of."""
    owner = books.name()
    for name, amount in (("a", 1_500_000), ("b", 7)):
        account = ("USDC", ledger.node(name, owner))
        granted = ledger.grant(account, books.name(), amount, at_ms=AT_MS)  # type: ignore[arg-type]
        await books.run(partial(store.post, journal=granted))
    exchange, wire = exchange_of("GET", "/v1/earnings")
    exchange.key = Key("wallet", account_name=owner, id="key_1", live=True)
    await EarningRoutes(Earnings(books.database)).get(exchange)
    told = json.loads(wire.body)
    assert (told["owner"], told["ledger"], told["owed_micro_usdc"], told["owed_usdc"]) == (
        owner,
        "USDC",
        1_500_007,
        "1.500007",
    )
    assert told["data"][1] == {
        "node": "b",
        "earned_micro_usdc": 7,
        "paid_micro_usdc": 0,
        "owed_micro_usdc": 7,
        "owed_usdc": "0.000007",
    }


async def test_a_key_without_books(books: Books) -> None:
    """The operator's own keys have none."""
    exchange, _ = exchange_of("GET", "/v1/earnings")
    exchange.key = Key("admin")
    with pytest.raises(PermissionDenied):
        await EarningRoutes(Earnings(books.database)).get(exchange)
