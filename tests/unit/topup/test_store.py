"""Rows of payments: kept once, claimed by one, credited with their journal or not at all."""

from __future__ import annotations

from functools import partial
from typing import Any

import msgspec
import pytest

from antiphon.credits import store as books
from antiphon.db import Connection, ConstraintBroken, Database
from antiphon.topup import store
from antiphon.topup.model import Topup
from tests.fixtures.databases.plugin import KINDS

pytestmark = pytest.mark.parametrize("database_kind", KINDS, indirect=True)
TOPUP = Topup("id", "eip155:8453", "0xA", "0xB", "0xC", "0xD", "acme", 10, 1_000, 7)


async def kept(database: Database, topup: Topup = TOPUP) -> bool:
    """Keep it, claimed until 100."""
    return await database.write(partial(store.insert, topup=topup, until_ms=100, at_ms=1))


async def found(database: Database) -> Topup:
    """It, as it is now."""
    topup = await database.read(partial(store.find, topup_id="id"))
    assert topup is not None
    return topup


async def balance(database: Database) -> int:
    """What the account has."""
    return (await database.read(partial(books.account, key=("USDC", "user:acme")))).balance


async def test_kept_once(database: Database) -> None:
    """An authorization has one row, under whatever id."""
    assert await kept(database)
    assert await found(database) == TOPUP
    assert not await kept(database)
    assert not await kept(database, msgspec.structs.replace(TOPUP, id="other", account="thief", amount=99))
    assert await kept(database, msgspec.structs.replace(TOPUP, id="other", nonce="0xE"))
    assert await database.read(partial(store.find, topup_id="nobody")) is None


async def test_claimed_by_one(database: Database) -> None:
    """A claim ends with its time, or when it is let go of; what has ended is not claimed."""
    await kept(database)
    claim = partial(store.claim, topup_id="id", until_ms=200)
    assert not await database.write(partial(claim, now_ms=99))
    assert await database.write(partial(claim, now_ms=100))
    assert not await database.write(partial(claim, now_ms=100))
    await database.write(partial(store.release, topup_id="id"))
    assert await database.write(partial(claim, now_ms=100))
    await database.write(partial(store.end, topup_id="id", reason="late", at_ms=2))
    assert not await database.write(partial(claim, now_ms=10**9))


@pytest.mark.parametrize("dead", [False, True])
async def test_credited_once(database: Database, *, dead: bool) -> None:
    """The row ends with the journal; a payment that was given up is credited too, once."""
    await kept(database)
    if dead:
        await database.write(partial(store.end, topup_id="id", reason="late", at_ms=2))
        assert (await found(database)).state == "dead"
    credit = partial(store.credit, topup_id="id", at_ms=3)
    assert await database.write(partial(credit, tx_hash="0x1"))
    assert not await database.write(partial(credit, tx_hash="0x2"))
    await database.write(partial(store.end, topup_id="id", reason="late", at_ms=4))
    assert await found(database) == msgspec.structs.replace(TOPUP, state="credited", tx_hash="0x1")
    assert await balance(database) == 10


async def test_a_credit_that_fails_leaves_nothing(database: Database) -> None:
    """Neither the row nor the journal without the other."""
    await kept(database)

    def half(connection: Connection) -> None:
        store.credit(connection, "id", "0x1", at_ms=3)
        connection.run("INSERT INTO topups (id) VALUES ('no more')")

    with pytest.raises(ConstraintBroken):
        await database.write(half)
    assert ((await found(database)).state, await balance(database)) == ("settling", 0)


async def test_lists(database: Database) -> None:
    """Those that are open and those that are credited, a page at a time, by id."""
    for number in range(4):
        await kept(database, msgspec.structs.replace(TOPUP, id=str(number), nonce=str(number)))
    await database.write(partial(store.credit, topup_id="1", tx_hash="0x1", at_ms=3))
    await database.write(partial(store.end, topup_id="2", reason="late", at_ms=3))

    async def ids(which: Any, after: str, limit: int) -> list[str]:  # Any: a function of the store
        return [each.id for each in await database.read(partial(which, after=after, limit=limit))]

    assert await ids(store.unsettled, "", 9) == ["0", "3"]
    assert await ids(store.unsettled, "", 1) == ["0"]
    assert await ids(store.unsettled, "0", 9) == ["3"]
    assert await ids(store.credited, "", 9) == ["1"]
