"""What must hold of leases, charges and the ends of gateways, as small stories."""

from __future__ import annotations

import asyncio
from functools import partial

import pytest

from antiphon.credits import gateway_store, lease_store
from antiphon.credits.lease_store import Settlement
from antiphon.credits.leases import IDLE_S
from antiphon.credits.tenure import GOOD_S, SILENT_S
from antiphon.errors import Conflict, InsufficientCredits, Unavailable
from tests.unit.credits.books import AT_MS, FAR_S, Books


async def a_lease_admits_and_settles(books: Books) -> None:
    """What was delivered is charged behind the answer, what was not is free again."""
    gateway, key = await books.gateway(), await books.account(100)
    first, second = [await gateway.leases.open(key, books.name(), 40) for _ in range(2)]
    with pytest.raises(InsufficientCredits):
        await gateway.leases.open(key, books.name(), 40)
    gateway.leases.capture(first, 25)
    gateway.leases.void(second)
    assert first.lease.left == 75
    assert (await gateway.balance(key)).balance == 75
    assert (await gateway.leases.open(key, books.name(), 75)).state == "open"
    assert books.lost == []


async def what_is_charged_is_not_free_before_it_is_settled(books: Books) -> None:
    """Money that was spent a moment ago is not lent again."""
    gateway, key = await books.gateway(), await books.account(100)
    hold = await gateway.leases.open(key, books.name(), 80)
    books.database.away = True
    gateway.leases.capture(hold, 80)
    with pytest.raises((InsufficientCredits, Unavailable)):
        await gateway.leases.open(key, books.name(), 30)
    books.database.away = False
    assert (await gateway.balance(key)).balance == 20


async def a_leased_hold_ends_once(books: Books) -> None:
    """In memory as in the database."""
    gateway, key = await books.gateway(), await books.account(100)
    hold = await gateway.leases.open(key, books.name(), 60)
    with pytest.raises(Conflict):
        await gateway.leases.open(key, hold.id, 10)
    gateway.leases.capture(hold, 10)
    gateway.leases.capture(hold, 50)
    gateway.leases.void(hold)
    void = await gateway.leases.open(key, books.name(), 60)
    gateway.leases.void(void)
    gateway.leases.capture(void, 50)
    assert (await gateway.balance(key)).balance == 90
    assert await gateway.leases.open(key, books.name(), 90)


async def a_forgotten_hold_expires(books: Books) -> None:
    """Also one that was only in memory; what comes after that is not charged."""
    gateway, key = await books.gateway(), await books.account(100)
    hold = await gateway.leases.open(key, books.name(), 60)
    books.clock.advance(FAR_S)
    await gateway.keep()
    assert hold.state == "expired"
    gateway.leases.capture(hold, 50)
    assert (await gateway.balance(key)).balance == 100


async def a_charge_of_which_nobody_heard_is_not_repeated(books: Books) -> None:
    """It is tried again until somebody says that it is in the books, and is there once."""
    gateway, key = await books.gateway(), await books.account(100)
    hold = await gateway.leases.open(key, books.name(), 40)
    books.database.unsure = True
    gateway.leases.capture(hold, 25)
    assert (await gateway.balance(key)).balance == 75
    await gateway.open_hold(books.hold(key, 75), expires_in_s=FAR_S)
    assert books.lost == []


async def a_charge_outlives_an_outage(books: Books) -> None:
    """What was delivered while the database was away is charged when it is back."""
    gateway, key = await books.gateway(), await books.account(100)
    hold = await gateway.leases.open(key, books.name(), 40)
    books.database.away = True
    gateway.leases.capture(hold, 25)
    await books.database.refused.wait()
    books.database.away = False
    assert (await gateway.balance(key)).balance == 75
    assert books.lost == []


async def an_id_is_charged_once(books: Books) -> None:
    """A second request of the same id is not charged, and somebody is told."""
    gateway, key = await books.gateway(), await books.account(100)
    name = books.name()
    for _ in range(2):
        gateway.leases.capture(await gateway.leases.open(key, name, 40), 25)
        await gateway.leases.settlements.all_settled()
    assert (await books.state(key)).balance == 75
    assert [reason for _, reason in books.lost] == ["its id was charged before"]
    books.lost.clear()


async def an_answer_that_was_lost_leases_once(books: Books) -> None:
    """A lease that grew without anybody hearing of it is no second lease."""
    gateway, key = await books.gateway(), await books.account(100)
    books.database.unsure = True
    with pytest.raises(Unavailable):
        await gateway.leases.open(key, books.name(), 40)
    hold = await gateway.leases.open(key, books.name(), 100)
    assert (await books.state(key)).held == 100
    gateway.leases.capture(hold, 100)
    assert (await gateway.balance(key)).balance == 0


async def two_gateways_share_what_there_is(books: Books) -> None:
    """What one of them leased and does not use is the other's for the asking; together they never promise more."""
    one, other = await books.gateway(), await books.gateway()
    key = await books.account(100)
    first = await one.leases.open(key, books.name(), 10)
    asked = asyncio.ensure_future(other.leases.open(key, books.name(), 90))
    while not asked.done():
        await one.keep()
        await asyncio.sleep(0)
    with pytest.raises(InsufficientCredits):
        await one.leases.open(key, books.name(), 1)
    one.leases.capture(first, 5)
    other.leases.capture(await asked, 50)
    await one.leases.settlements.all_settled()
    assert (await other.balance(key)).balance == 45
    assert books.lost == []


async def what_is_used_is_not_given_back(books: Books) -> None:
    """Others may ask for it as they like."""
    one, other = await books.gateway(), await books.gateway()
    key = await books.account(100)
    hold = await one.leases.open(key, books.name(), 80)
    await one.leases.give_back(key)
    with pytest.raises(InsufficientCredits):
        await other.leases.open(key, books.name(), 30)
    one.leases.capture(hold, 80)
    await one.leases.give_back(key)
    assert (await one.balance(key)).balance == 20
    assert books.lost == []


async def idle_leases_end(books: Books) -> None:
    """And with them everything that was held."""
    gateway, key = await books.gateway(), await books.account(100)
    gateway.leases.capture(await gateway.leases.open(key, books.name(), 40), 25)
    await gateway.leases.settlements.all_settled()
    assert (await books.state(key)).held > 0
    books.clock.advance(IDLE_S)
    await gateway.keep()
    account = await books.state(key)
    assert (account.balance, account.held) == (75, 0)


async def a_restart_frees_what_was_held(books: Books) -> None:
    """At once for a gateway of the same name; what its earlier run would still charge is nobody's debt."""
    name, key = books.name("gateway"), await books.account(100)
    dead = await books.gateway(name)
    leased = await dead.leases.open(key, books.name(), 40)
    held = await dead.open_hold(books.hold(key, 40), expires_in_s=FAR_S)
    alive = await books.gateway(name)
    assert (await books.state(key)).held == 0
    dead.leases.capture(leased, 40)
    await dead.leases.settlements.all_settled()
    assert (await alive.capture(held.id, 40)).state == "expired"
    assert (await books.state(key)).balance == 100
    assert [settlement.cost for settlement, _ in books.lost] == [40]
    books.lost.clear()


async def the_silent_are_ended(books: Books) -> None:
    """By any other gateway, some seconds after their last beat; nothing of theirs is charged later."""
    silent, watcher = await books.gateway(), await books.gateway()
    key = await books.account(100)
    leased = await silent.leases.open(key, books.name(), 40)
    await watcher.sweep()
    books.clock.advance(SILENT_S)
    assert await watcher.sweep() >= 1
    assert (await books.state(key)).held == 0
    silent.leases.capture(leased, 40)
    await silent.leases.settlements.all_settled()
    assert (await books.state(key)).balance == 100
    assert len(books.lost) == 1
    books.lost.clear()
    assert (await silent.leases.open(key, books.name(), 100)).state == "open"


async def the_living_are_left_alone(books: Books) -> None:
    """One that beats keeps what it has, however long."""
    living, watcher = await books.gateway(), await books.gateway()
    key = await books.account(100)
    leased = await living.leases.open(key, books.name(), 40)
    for _ in range(4):
        await watcher.sweep()
        books.clock.advance(SILENT_S / 2)
        await living.keep()
    await watcher.sweep()
    living.leases.capture(leased, 40)
    assert (await living.balance(key)).balance == 60
    assert books.lost == []


async def a_beat_at_the_last_moment_counts(books: Books) -> None:
    """Whoever was seen as silent and has beaten since then is not ended."""
    living, key = await books.gateway(), await books.account(100)
    leased = await living.leases.open(key, books.name(), 40)
    (run,) = [run for run in await books.database.read(gateway_store.runs) if run.epoch == leased.lease.epoch]
    books.clock.advance(GOOD_S / 2)
    await living.keep()
    assert await books.run(partial(gateway_store.end_silent, run=run)) is False
    living.leases.capture(leased, 40)
    assert (await living.balance(key)).balance == 60
    assert books.lost == []


async def who_cannot_be_heard_takes_on_nothing(books: Books) -> None:
    """A gateway that has not reached the database for some seconds stops before others may end it."""
    gateway, key = await books.gateway(), await books.account(1000)
    await gateway.leases.open(key, books.name(), 1)
    assert (await gateway.leases.open(key, books.name(), 1)).state == "open"
    books.clock.advance(GOOD_S)
    books.database.away = True
    with pytest.raises(Unavailable):
        await gateway.leases.open(key, books.name(), 1)
    books.database.away = False
    assert (await gateway.leases.open(key, books.name(), 1)).state == "open"


async def who_cannot_charge_takes_on_nothing(books: Books) -> None:
    """From the first charge on that the database does not take."""
    gateway, key = await books.gateway(), await books.account(1000)
    hold = await gateway.leases.open(key, books.name(), 1)
    books.database.away = True
    gateway.leases.capture(hold, 1)
    await books.database.refused.wait()
    with pytest.raises(Unavailable):
        await gateway.leases.open(key, books.name(), 1)
    books.database.away = False
    assert (await gateway.leases.open(key, books.name(), 1)).state == "open"
    assert (await gateway.balance(key)).balance == 999


async def many_want_the_last_of_it(books: Books) -> None:
    """Of forty at once with money for ten exactly ten are admitted, and later ones when there is money again."""
    gateway, key = await books.gateway(), await books.account(100)
    asked = [gateway.leases.open(key, books.name(), 10) for _ in range(40)]
    outcomes = await asyncio.gather(*asked, return_exceptions=True)
    admitted = [outcome for outcome in outcomes if not isinstance(outcome, BaseException)]
    assert len(admitted) == 10
    assert (await books.state(key)).free == 0
    gateway.leases.void(admitted[0])
    assert (await gateway.leases.open(key, books.name(), 10)).state == "open"
    await gateway.grant(key, books.name(), 10)
    assert (await gateway.leases.open(key, books.name(), 10)).state == "open"


async def a_hold_takes_what_a_lease_does_not_use(books: Books) -> None:
    """Money is not stranded in a lease of one's own, also when it was given back once and is free again since."""
    gateway, key = await books.gateway(), await books.account(100)
    leased = await gateway.leases.open(key, books.name(), 10)
    with pytest.raises(InsufficientCredits):
        await gateway.open_hold(books.hold(key, 91), expires_in_s=FAR_S)
    gateway.leases.void(leased)
    assert (await books.state(key)).held >= 10
    assert await gateway.open_hold(books.hold(key, 100), expires_in_s=FAR_S)


async def nothing_is_settled_beyond_a_lease(books: Books) -> None:
    """The database refuses what was never granted, whatever a gateway believes."""
    gateway, key = await books.gateway(), await books.account(100)
    hold = await gateway.leases.open(key, books.name(), 10)
    settlement = Settlement(key, books.name(), 101, AT_MS)
    work = partial(lease_store.settle, epoch=hold.lease.epoch, settlements=[settlement])
    with pytest.raises(lease_store.LeaseOverspent):
        await books.run(work)
    assert (await books.state(key)).balance == 100
