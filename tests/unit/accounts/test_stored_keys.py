"""Stored keys in memory: never more than two seconds behind the database, and never a burden to it."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
from threading import Event

import pytest

from antiphon.accounts import store, stored_keys
from antiphon.accounts.keys import mint
from antiphon.accounts.pepper import Pepper
from antiphon.accounts.stored_keys import ABSENT_S, STALE_S, StoredKeys
from antiphon.db import Database, StatementFailed, T, Work
from antiphon.errors import Unavailable
from antiphon.key import Allowance, Key

from .stored import ACCOUNT, PEPPER, Stored, reads


def seen(key: str) -> bytes:
    """What a key is found by in memory."""
    return hashlib.sha256(key.encode()).digest()


def found(stored: Stored, key: str, keys: StoredKeys | None = None) -> Key | None:
    """What memory says of a key now."""
    return (keys or stored.keys).find(seen(key), stored.now_s)


async def ready(database: Database, **fields: object) -> Stored:
    """A gateway that has begun to trust its memory."""
    stored = Stored(database, **fields)  # type: ignore[arg-type] # the fields of Stored
    await stored.keys.refresh()
    return stored


async def test_a_key_is_remembered(database: Database) -> None:
    """With what its account may, until it has not been confirmed for two seconds."""
    stored = await ready(database, allowance=Allowance(1, 2, 3))
    minted = await stored.create(requests_per_minute=7)
    assert found(stored, minted.key) is None
    key = await stored.keys.look_up(minted.key)
    assert key is not None
    assert (key.id, key.requests_per_minute, key.account_allowance) == (minted.record.id, 7, Allowance(1, 2, 3))
    assert found(stored, minted.key) is key
    stored.clock.advance(STALE_S)
    assert found(stored, minted.key) is None
    await stored.keys.refresh()
    assert found(stored, minted.key) is None  # what happened meanwhile is not known
    assert await stored.keys.look_up(minted.key) == key
    assert found(stored, minted.key) == key


async def test_memory_stays_while_it_is_confirmed(database: Database) -> None:
    """Nothing is asked again but whether anything was changed."""
    stored = await ready(database)
    minted = await stored.create()
    await stored.keys.look_up(minted.key)
    for _ in range(10):
        stored.clock.advance(STALE_S / 2)
        await stored.keys.refresh()
        assert found(stored, minted.key) is not None


@pytest.mark.parametrize("how", ["revoke", "rotate"])
async def test_a_change_elsewhere_is_seen(database: Database, how: str) -> None:
    """Another gateway's revocation is known with the next refresh; keys that were not changed stay."""
    stored = await ready(database)
    elsewhere = Stored(database, seed=2)
    one, other = await stored.create(), await stored.create()
    for minted in (one, other):
        await stored.keys.look_up(minted.key)
    if how == "revoke":
        await elsewhere.service.revoke(ACCOUNT, one.record.id)
    else:
        await elsewhere.service.rotate(ACCOUNT, one.record.id, 0)
    assert found(stored, one.key) is not None
    await stored.keys.refresh()
    assert found(stored, one.key) is None
    assert found(stored, other.key) is not None
    assert await stored.keys.look_up(one.key) is None


async def test_revocations_are_told(database: Database) -> None:
    """Each once, whether the key was in memory or not; not a rotation, nor what was revoked before the start."""
    elsewhere = Stored(database, seed=2)
    before, used, unused, rotated = [await elsewhere.create() for _ in range(4)]
    await elsewhere.service.revoke(ACCOUNT, before.record.id)
    stored = await ready(database)
    await stored.keys.look_up(used.key)
    await elsewhere.service.rotate(ACCOUNT, rotated.record.id)
    for minted in (used, unused):
        await elsewhere.service.revoke(ACCOUNT, minted.record.id)
    for _ in range(2):
        await stored.keys.refresh()
    assert sorted(stored.revoked) == sorted(minted.record.id for minted in (used, unused))


async def test_a_gap_forgets_everything(database: Database) -> None:
    """What was changed meanwhile may have been forgotten by the database itself."""
    stored = await ready(database)
    minted = await stored.create()
    await stored.keys.look_up(minted.key)
    stored.clock.advance(STALE_S + 0.1)
    await database.write(lambda connection: connection.run("DELETE FROM keys"))
    await stored.keys.refresh()
    assert found(stored, minted.key) is None
    assert await stored.keys.look_up(minted.key) is None


async def test_an_old_reading_is_not_remembered(database: Database) -> None:
    """A row that was read before a change, and comes after it was seen, serves its request and no other."""
    stored = await ready(database)
    minted = await stored.create()
    read = database.read
    gate, reached = asyncio.Event(), asyncio.Event()

    async def late(work: Work[T]) -> T:
        result = await read(work)
        reached.set()
        await gate.wait()
        return result

    database.read = late  # type: ignore[method-assign] # delays what was read
    looked_up = asyncio.create_task(stored.keys.look_up(minted.key))
    await reached.wait()
    database.read = read  # type: ignore[method-assign] # as it was
    await stored.service.revoke(ACCOUNT, minted.record.id)
    await stored.keys.refresh()
    gate.set()
    assert await looked_up is not None
    assert found(stored, minted.key) is None
    assert await stored.keys.look_up(minted.key) is None


async def test_a_key_ends_at_its_time(database: Database) -> None:
    """To the millisecond, in memory and in the database."""
    stored = await ready(database)
    minted = await stored.create(expires_at_ms=stored.now_ms + 1_500)
    assert await stored.keys.look_up(minted.key) is not None
    stored.clock.advance(1.499)
    assert found(stored, minted.key) is not None
    stored.clock.advance(0.001)
    assert found(stored, minted.key) is None
    assert await stored.keys.look_up(minted.key) is None


async def test_every_pepper_is_tried(database: Database) -> None:
    """Keys of the one before are good as long as it is listed."""
    new = Pepper("n" * 32)
    old_key = (await Stored(database).create()).key
    rotated = await ready(database, peppers=(new, PEPPER), seed=2)
    new_key = (await rotated.create()).key
    assert await rotated.keys.look_up(old_key) is not None
    assert await rotated.keys.look_up(new_key) is not None
    alone = await ready(database, peppers=(new,), seed=3)
    assert await alone.keys.look_up(old_key) is None


async def test_an_unknown_key_is_asked_for_once(database: Database) -> None:
    """Until some seconds have passed."""
    stored = await ready(database)
    unknown = mint("live")
    with reads(database) as counted:
        for _ in range(5):
            assert await stored.keys.look_up(unknown) is None
        assert counted.reads == 1
        stored.clock.advance(ABSENT_S)
        assert await stored.keys.look_up(unknown) is None
        assert counted.reads == 2


async def test_a_flood_of_unknown_keys_is_one_statement_at_a_time(database: Database) -> None:
    """A thousand at once take a statement for each group, one after the other, and a good key among them is found."""
    stored = await ready(database)
    minted = await stored.create()
    flood = [mint("live") for _ in range(1_000)]
    with reads(database) as counted:
        found_keys = await asyncio.gather(*map(stored.keys.look_up, [*flood, minted.key]))
    assert counted.at_once_max == 1
    assert counted.reads <= 2 + len(flood) // store.DIGESTS_MAX
    assert [key.id for key in found_keys if key is not None] == [minted.record.id]


async def test_callers_of_one_key_share_a_look_up(database: Database) -> None:
    """One that leaves does not take the answer from the others."""
    stored = await ready(database)
    minted = await stored.create()
    with reads(database) as counted:
        callers = [asyncio.create_task(stored.keys.look_up(minted.key)) for _ in range(20)]
        await asyncio.sleep(0)
        callers[0].cancel()
        rest = await asyncio.gather(*callers[1:])
    assert counted.reads == 1
    assert all(key is not None for key in rest)
    with contextlib.suppress(asyncio.CancelledError):
        await callers[0]


async def test_memory_is_bounded(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """The oldest give way, good keys and unknown ones."""
    monkeypatch.setattr(stored_keys, "HELD_MAX", 2)
    monkeypatch.setattr(stored_keys, "ABSENT_MAX", 2)
    stored = await ready(database)
    minted = [await stored.create() for _ in range(3)]
    unknown = [mint("live") for _ in range(3)]
    for key in [*(one.key for one in minted), *unknown]:
        await stored.keys.look_up(key)
    assert [found(stored, one.key) is not None for one in minted] == [False, True, True]
    with reads(database) as counted:
        for key in unknown[1:]:
            await stored.keys.look_up(key)
        assert counted.reads == 0
        await stored.keys.look_up(unknown[0])
        assert counted.reads == 1


async def test_too_many_that_wait_are_refused(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """At once, with a hint to come again."""
    monkeypatch.setattr(stored_keys, "WAITING_MAX", 3)
    stored = await ready(database)
    outcomes = await asyncio.gather(*(stored.keys.look_up(mint("live")) for _ in range(5)), return_exceptions=True)
    refused = [one for one in outcomes if isinstance(one, Unavailable)]
    assert (len(refused), outcomes.count(None)) == (2, 3)
    assert refused[0].retry_after_s == 1


async def test_without_the_database_nobody_is_refused_for_good(database: Database) -> None:
    """503, not 401: the key may well be a good one; what is confirmed still serves."""
    stored = await ready(database)
    minted = await stored.create()
    await stored.keys.look_up(minted.key)
    await database.close()
    with pytest.raises(Unavailable):
        await stored.keys.look_up(mint("live"))
    with pytest.raises(Unavailable):
        await stored.keys.refresh()
    assert found(stored, minted.key) is not None


async def test_a_mistake_leaves_nobody_waiting(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever goes wrong with a statement, callers get an answer, and the next ones are served again."""
    stored = await ready(database)
    minted = await stored.create()
    monkeypatch.setattr(store, "_BY_DIGESTS", "SELECT nonsense")
    with pytest.raises(Unavailable, match="cannot be looked up now"):
        await stored.keys.look_up(minted.key)
    serving = stored.keys._serving
    assert serving is not None
    with pytest.raises(StatementFailed):
        await serving
    monkeypatch.undo()
    assert await stored.keys.look_up(minted.key) is not None


async def test_the_end_leaves_nobody_waiting(database: Database) -> None:
    """Those that still wait are told so."""
    stored = await ready(database)
    waiting = asyncio.create_task(stored.keys.look_up(mint("live")))
    await asyncio.sleep(0)
    await stored.keys.close()
    (outcome,) = await asyncio.gather(waiting, return_exceptions=True)
    assert outcome is None or isinstance(outcome, Unavailable)


async def test_it_refreshes_by_itself(database: Database) -> None:
    """A revocation elsewhere is seen without anything being done here."""
    stored = await ready(database)
    minted = await stored.create()
    await stored.keys.look_up(minted.key)
    running = asyncio.create_task(stored.keys.run(0.01))
    await Stored(database, seed=2).service.revoke(ACCOUNT, minted.record.id)
    async with asyncio.timeout(10):
        while found(stored, minted.key) is not None:
            await asyncio.to_thread(Event().wait, 0.01)
    running.cancel()
    await asyncio.wait([running])
