"""How requests end in the database: all of it or nothing, once."""

from __future__ import annotations

from functools import partial

from antiphon.credits import budget_store, closing
from antiphon.credits.closing import Closing
from antiphon.credits.ledger import AccountKey
from antiphon.credits.service import Credits
from antiphon.db import Connection
from tests.unit.credits.asking import draft, name_of
from tests.unit.credits.books import Books

EPOCH_MAX = 10**9


async def charged(books: Books, gateway: Credits, key: AccountKey) -> Closing:
    """A request that has ended for 9 of 50, not yet on its way."""
    name = books.name()
    hold = await gateway.leases.open(key, name, 50)
    assert gateway.leases.end(hold, 9, 1)
    return Closing(name, hold, draft(id=name, account=name_of(key)), budgeted=True)


def kept(connection: Connection, name: str) -> bool:
    """Whether there is a receipt."""
    return connection.one("SELECT 1 FROM receipts WHERE id = :id", id=name) is not None


async def test_all_at_once_and_once(books: Books) -> None:
    """The charge, the budget and the receipt, however often it is written."""
    gateway, key = await books.gateway(), await books.account(1000)
    epoch = gateway._tenure.epoch
    one = await charged(books, gateway, key)
    hold = partial(budget_store.hold, key_id="k", hold_id=one.id, amount=50, cap=50, epoch=epoch)
    assert await books.run(hold)
    for _ in range(2):
        assert await books.run(partial(closing.write, epoch=epoch, closings=[one])) is not None
    assert (await books.state(key)).balance == 991
    assert await books.run(lambda connection: budget_store.spent(connection, "k")) == 9
    assert await books.run(partial(kept, name=one.id))
    assert one.hold is not None
    one.hold.lease.settled(9)


async def test_nothing_of_an_ended_run(books: Books) -> None:
    """Neither the charge nor a receipt that says there was one."""
    gateway, key = await books.gateway(), await books.account(1000)
    one = await charged(books, gateway, key)
    assert await books.run(partial(closing.write, epoch=EPOCH_MAX, closings=[one])) is None
    assert await books.run(partial(kept, name=one.id)) is False
    assert one.hold is not None
    one.hold.lease.lost(9)


async def test_receipts_alone_need_no_run(books: Books) -> None:
    """Nothing is charged, so nobody has to be alive for it."""
    one = Closing("free-1", draft=draft(id="free-1", charged=0))
    assert await books.run(partial(closing.write, epoch=EPOCH_MAX, closings=[one])) == closing.NOTHING
    assert await books.run(partial(kept, name="free-1"))


def test_what_is_left_of_a_lost_charge() -> None:
    """A receipt that says so, and the budget to let go of; nothing where there is neither."""
    left = Closing("a", None, draft(), budgeted=True).without_charge()
    assert left is not None
    assert left.draft is not None
    assert (left.draft.charged, left.draft.reason, left.budgeted) == (0, "not_charged", True)
    assert Closing("a").without_charge() is None


def test_a_lost_receipt_is_told_as_nothing_charged() -> None:
    """Of the account that it belongs to."""
    settlement = Closing("a", draft=draft()).settlement
    assert (settlement.key, settlement.request_id, settlement.cost) == (("USDC", "user:ann"), "a", 0)
