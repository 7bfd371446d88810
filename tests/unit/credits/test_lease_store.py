"""Leases in the database: how much they get, and that doing it again changes nothing."""

from __future__ import annotations

from functools import partial

from antiphon.credits import gateway_store, lease_store
from antiphon.credits.lease_store import FREE_PARTS, Grant, Settlement
from antiphon.credits.ledger import AccountKey
from antiphon.db import Connection
from tests.unit.credits.books import AT_MS, Books


async def begun(books: Books) -> int:
    """The epoch of a new run."""
    epoch: int = await books.run(partial(gateway_store.begin, gateway=books.name("gateway")))
    return epoch


async def grown(books: Books, key: AccountKey, epoch: int, need: int, want: int) -> Grant:
    """What becomes of a wish."""
    grant = await books.run(partial(lease_store.grow, key=key, epoch=epoch, need=need, want=want))
    assert isinstance(grant, Grant)
    return grant


async def test_a_wish_leaves_most_to_others(books: Books) -> None:
    """The need is met whole, of the rest a part is given; what is little is given to who needs it."""
    key, epoch = await books.account(1000), await begun(books)
    assert (await grown(books, key, epoch, 200, 10_000)).granted == 200 + 800 // FREE_PARTS
    assert (await grown(books, key, epoch, 1000, 10_000)).granted == 1000
    assert (await grown(books, key, epoch, 1001, 10_000)).granted is None
    assert (await books.state(key)).held == 1000


async def test_a_wish_may_be_repeated(books: Books) -> None:
    """It names the size, and not by how much to grow."""
    key, epoch = await books.account(1000), await begun(books)
    for _ in range(3):
        assert (await grown(books, key, epoch, 200, 200)).granted == 200
    for _ in range(2):
        assert await books.run(partial(lease_store.shrink, epoch=epoch, granted={key: 50}))
        assert (await books.state(key)).held == 50
    for _ in range(2):
        assert await books.run(partial(lease_store.shrink, epoch=epoch, granted={key: None}))
        assert (await books.state(key)).held == 0


async def test_settling_may_be_repeated(books: Books) -> None:
    """What was charged before is told, and not charged again."""
    key, epoch = await books.account(1000), await begun(books)
    await grown(books, key, epoch, 200, 200)
    settlements = [Settlement(key, name, 30, AT_MS) for name in ("a", "b")]
    first = await books.run(partial(lease_store.settle, epoch=epoch, settlements=settlements[:1]))
    both = await books.run(partial(lease_store.settle, epoch=epoch, settlements=settlements))
    assert (first.known, both.known) == (frozenset(), {"a"})
    assert (both.accounts[key].balance, both.accounts[key].held) == (940, 140)


async def test_an_ended_run_can_do_nothing(books: Books) -> None:
    """Whatever it tries says so, and changes nothing."""
    key, epoch = await books.account(1000), await begun(books)
    await grown(books, key, epoch, 200, 200)
    await books.run(partial(gateway_store.end, epoch=epoch))
    for attempt in (
        partial(lease_store.grow, key=key, epoch=epoch, need=1, want=1),
        partial(lease_store.shrink, epoch=epoch, granted={key: 1}),
        partial(lease_store.settle, epoch=epoch, settlements=[Settlement(key, "a", 30, AT_MS)]),
    ):
        assert not await books.run(attempt)
    account = await books.state(key)
    assert (account.balance, account.held) == (1000, 0)


async def test_others_are_asked_once(books: Books) -> None:
    """Until they have given back what they do not use; when they lease anew they are asked again."""
    key, one, other = await books.account(1000), await begun(books), await begun(books)
    await grown(books, key, one, 900, 900)
    assert (await grown(books, key, other, 200, 200)).leased == 900
    assert await books.database.read(partial(lease_store.recalled, epoch=one)) == [key]
    await books.run(partial(lease_store.shrink, epoch=one, granted={key: 850}))
    assert await books.database.read(partial(lease_store.recalled, epoch=one)) == []
    assert (await grown(books, key, other, 200, 200)).leased == 0
    assert (await grown(books, key, other, 150, 150)).granted == 150
    await books.run(partial(lease_store.shrink, epoch=other, granted={key: 0}))
    await grown(books, key, one, 900, 900)
    assert (await grown(books, key, other, 200, 200)).leased == 900


async def test_accounts_that_never_had_anything(books: Books) -> None:
    """Nothing can be leased of them, and that is no error."""
    epoch = await begun(books)
    key: AccountKey = ("USDC", "user:nobody")
    assert (await grown(books, key, epoch, 1, 1)).granted is None
    assert await books.run(partial(lease_store.shrink, epoch=epoch, granted={key: None}))


async def test_many_settle_at_once(books: Books) -> None:
    """Of many accounts, in one work."""
    epoch = await begun(books)
    keys = [await books.account(100) for _ in range(30)]
    for key in keys:
        await grown(books, key, epoch, 100, 100)
    settlements = [Settlement(keys[n % 30], f"r{n}", n % 5 + 1, AT_MS) for n in range(150)]
    settled = await books.run(partial(lease_store.settle, epoch=epoch, settlements=settlements))
    assert {settled.accounts[key].balance for key in keys} == {100 - 5 * (n + 1) for n in range(5)}

    def lines(connection: Connection) -> object:
        return connection.one("SELECT COUNT(*) FROM ledger_journals WHERE kind = 'usage'")

    assert await books.run(lines) == (150,)
