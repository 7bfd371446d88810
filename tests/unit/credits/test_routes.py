"""/v1/credits and the faucet, as a handler answers them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
import pytest

from antiphon.credits.gifts import Gifts
from antiphon.credits.routes import CreditRoutes
from antiphon.errors import BadRequest, PermissionDenied
from antiphon.http.exchange import Exchange
from antiphon.key import Key
from tests.unit.credits.books import Books
from tests.unit.http.recording import exchange_of

TEST = Key("laptop", account_name="ann", id="key_1")
LIVE = Key("laptop", account_name="ann", id="key_2", live=True)
DAY_S = 86_400.0
Call = Callable[[Exchange], Awaitable[None]]


async def asked(
    call: Call, key: Key, path: str = "/v1/credits/balance", headers: dict[bytes, bytes] | None = None
) -> Any:  # Any: JSON
    """What a handler answers."""
    exchange, wire = exchange_of("GET", path, headers or {})
    exchange.key = key
    await call(exchange)
    assert wire.status == 200
    return msgspec.json.decode(wire.body)


async def routes(books: Books, *, gifts: Gifts = Gifts(), exact: bool = False) -> CreditRoutes:
    """The handlers of a gateway."""
    return CreditRoutes(await books.gateway(), gifts=gifts, clock=books.clock, exact=exact)


async def test_a_balance_is_of_the_keys_own_books(books: Books) -> None:
    """A test key sees play money, a live key USDC, and what is charged is seen at once."""
    made = await routes(books)
    await made._credits.grant(("DEV", "user:ann"), "grant:1", 5_000_000)
    assert (await asked(made.balance, TEST))["balance_usdc"] == "5.00"
    assert (await asked(made.balance, LIVE))["balance"] == 0
    leases = made._credits.leases
    leases.capture(await leases.open(("DEV", "user:ann"), "gen-1", 1_000_000), 10_001)
    shown = await asked(made.balance, TEST)
    assert (shown["balance"], shown["balance_usdc"], shown["ledger"]) == (498, "4.989999", "DEV")
    assert shown["held_micro_usdc"] + shown["free_micro_usdc"] == shown["balance_micro_usdc"]


@pytest.mark.parametrize(
    ("setting", "header", "extra"),
    [(False, None, True), (True, None, False), (False, b"exact", False), (True, b"all", True)],
)
async def test_the_exact_wire(books: Books, setting: bool, header: bytes | None, extra: bool) -> None:
    """A request decides, else the setting."""
    made = await routes(books, exact=setting)
    shown = await asked(made.balance, TEST, headers={} if header is None else {b"x-wire": header})
    assert ("ledger" in shown) == extra
    assert (shown["balance"], shown["balance_usdc"]) == (0, "0.00")


async def test_a_history_comes_in_parts(books: Books) -> None:
    """The newest first, each journal once, and none of another account."""
    made = await routes(books)
    for number in range(5):
        await made._credits.grant(("DEV", "user:ann"), f"grant:{number}", 10 + number)
        await made._credits.grant(("DEV", "user:bea"), f"grant:b{number}", 10)
    seen, after = [], ""
    while True:
        exchange, wire = exchange_of("GET", f"/v1/credits/ledger?limit=2{after}", {})
        exchange.key = TEST
        exchange.query = f"limit=2{after}"
        await made.ledger(exchange)
        part = msgspec.json.decode(wire.body)
        seen += part["data"]
        if not part["has_more"]:
            break
        after = f"&after={part['next']}"
    assert [row["id"] for row in seen] == [f"grant:{number}" for number in (4, 3, 2, 1, 0)]
    assert [row["amount_micro_usdc"] for row in seen] == [14, 13, 12, 11, 10]


@pytest.mark.parametrize("name", ["balance", "ledger", "faucet"])
async def test_the_operators_own_keys_have_no_account(books: Books, name: str) -> None:
    """They are refused with the reason."""
    made = await routes(books, gifts=Gifts(faucet=1))
    with pytest.raises(PermissionDenied, match="operator's own") as caught:
        await asked(getattr(made, name), Key("master"))
    assert caught.value.code == "no_credit_account"


async def test_the_faucet_gives_once_a_day(books: Books) -> None:
    """Asked again it adds nothing, and says what there is."""
    made = await routes(books, gifts=Gifts(faucet=5_000_000))
    given = {"credits_added": 500, "balance": 500, "balance_usdc": "5.00"}
    assert await asked(made.faucet, TEST) == given
    assert await asked(made.faucet, TEST) == given | {"credits_added": 0}
    books.clock.advance(DAY_S)
    assert await asked(made.faucet, TEST) == {"credits_added": 500, "balance": 1000, "balance_usdc": "10.00"}


async def test_the_faucets_refusals(books: Books) -> None:
    """No money for keys that spend USDC, and none where there is no faucet."""
    with pytest.raises(PermissionDenied, match="spends USDC"):
        await asked((await routes(books, gifts=Gifts(faucet=1))).faucet, LIVE)
    with pytest.raises(PermissionDenied, match="no faucet"):
        await asked((await routes(books)).faucet, TEST)


async def test_a_query_that_is_wrong(books: Books) -> None:
    """It is refused by field."""
    made = await routes(books)
    exchange, _ = exchange_of("GET", "/v1/credits/ledger", {})
    exchange.key, exchange.query = TEST, "limit=0"
    with pytest.raises(BadRequest, match="limit"):
        await made.ledger(exchange)
