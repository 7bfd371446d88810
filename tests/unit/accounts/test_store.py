"""Accounts and keys in the database, on each kind of it."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from antiphon.accounts import store
from antiphon.accounts.model import Grant, KeyRecord
from antiphon.db import Connection, ConstraintBroken, Database
from antiphon.key import ADMIN, CLIENT, INFERENCE

RECORD = KeyRecord("key_1", "acme", "live", Grant("k", CLIENT), "digest", "pepper", "dkn_live_abc", "wxyz", 1_000)


def other(number: int, **fields: object) -> KeyRecord:
    """Another key of the account, a little younger."""
    record = replace(RECORD, id=f"key_{number}", digest=f"digest_{number}", created_at_ms=1_000 + number)
    return replace(record, **fields)


async def kept(database: Database, *records: KeyRecord) -> None:
    """Keep keys and their accounts."""

    def work(connection: Connection) -> None:
        for record in records:
            store.keep_account(connection, record.account, 1)
            store.insert(connection, record)

    await database.write(work)


@pytest.mark.parametrize(
    "record",
    [
        RECORD,
        replace(RECORD, kind="test", revoked_at_ms=5, replaced_by="key_2"),
        replace(RECORD, grant=Grant("all", ADMIN, frozenset({"m", "n"}), frozenset({"p"}), 1, 2, 3, 4, 2**40)),
        replace(RECORD, grant=Grant("none", INFERENCE, spend_cap=0)),
        replace(RECORD, grant=Grant("bound", INFERENCE, nodes=frozenset({"node-2", "node-1"}), prompt_price_max=0)),
        replace(RECORD, grant=Grant("cheap", INFERENCE, completion_price_max=2**40)),
    ],
)
async def test_a_key_is_kept_as_it_is(database: Database, record: KeyRecord) -> None:
    """Every field comes back, by its id and by its digest."""
    await kept(database, record)
    assert await database.read(lambda connection: store.find(connection, record.id)) == record
    assert await database.read(lambda connection: store.by_digests(connection, ["x", record.digest])) == [record]
    assert await database.read(lambda connection: store.find(connection, "key_0")) is None
    assert await database.read(lambda connection: store.by_digests(connection, ["", record.id])) == []


async def test_a_digest_stands_once(database: Database) -> None:
    """Two keys with one digest would be one key."""
    await kept(database, RECORD)
    with pytest.raises(ConstraintBroken):
        await kept(database, replace(RECORD, id="key_2"))


async def test_an_account_lists_its_own(database: Database) -> None:
    """The newest first; without an account all are listed."""
    foreign = other(3, account="other")
    await kept(database, RECORD, other(2), foreign)
    listed = await database.read(lambda connection: store.of_account(connection, "acme", 10))
    assert [record.id for record in listed] == ["key_2", "key_1"]
    listed = await database.read(lambda connection: store.of_account(connection, None, 2))
    assert [record.id for record in listed] == ["key_3", "key_2"]


async def test_only_lasting_keys_count(database: Database) -> None:
    """Not those that ended, nor those that have a successor."""
    await kept(
        database,
        RECORD,
        other(2, revoked_at_ms=2_000),
        other(3, grant=Grant("k", CLIENT, expires_at_ms=2_000)),
        other(4, grant=Grant("k", CLIENT, expires_at_ms=2_001)),
        other(5, replaced_by="key_4"),
    )
    assert await database.read(lambda connection: store.count_lasting(connection, "acme", 2_000)) == 2
    assert await database.read(lambda connection: store.count(connection, "acme")) == 5


async def test_changes_are_numbered(database: Database) -> None:
    """What was changed after a number is told; a new key is no change."""
    await kept(database, RECORD, other(2), other(3))

    async def changed(number: int) -> tuple[int, set[tuple[str, bool]]]:
        def work(connection: Connection) -> tuple[int, set[tuple[str, bool]]]:
            found = store.changed_since(connection, number)
            return store.changes(connection), {(one.digest, one.revoked) for one in found}

        return await database.read(work)

    assert await changed(0) == (0, set())
    await database.write(lambda connection: store.revoke(connection, "key_1", 5_000))
    assert await changed(0) == (1, {("digest", True)})
    await database.write(lambda connection: store.replace(connection, "key_2", "key_3", 6_000))
    assert await changed(0) == (2, {("digest", True), ("digest_2", False)})
    assert await changed(1) == (2, {("digest_2", False)})
    await database.write(lambda connection: store.revoke_all(connection, "acme", 5_000))
    assert await changed(2) == (3, {("digest_2", True), ("digest_3", True)})


async def test_a_key_is_revoked_once(database: Database) -> None:
    """The first time stays."""
    await kept(database, RECORD)
    await database.write(lambda connection: store.revoke(connection, "key_1", 5_000))
    await database.write(lambda connection: store.revoke(connection, "key_1", 9_000))
    found = await database.read(lambda connection: store.find(connection, "key_1"))
    assert found == replace(RECORD, revoked_at_ms=5_000)


async def test_what_ended_long_ago_is_forgotten(database: Database) -> None:
    """By revocation or by its time; what is good, or another account's, stays."""
    await kept(
        database,
        RECORD,
        other(2, revoked_at_ms=2_000),
        other(3, grant=Grant("k", CLIENT, expires_at_ms=2_000)),
        other(4, revoked_at_ms=3_000),
        other(5, revoked_at_ms=2_000, account="other"),
    )
    await database.write(lambda connection: store.forget_ended(connection, "acme", 3_000))
    listed = await database.read(lambda connection: store.of_account(connection, None, 10))
    assert {record.id for record in listed} == {"key_1", "key_4", "key_5"}


async def test_a_nonce_is_used_once(database: Database) -> None:
    """Until it is forgotten, long after it expired."""
    assert await database.write(lambda connection: store.use_nonce(connection, "n", 1_000))
    assert not await database.write(lambda connection: store.use_nonce(connection, "n", 1_000))
    await database.write(lambda connection: store.forget_nonces(connection, 1_000))
    assert not await database.write(lambda connection: store.use_nonce(connection, "n", 1_000))
    await database.write(lambda connection: store.forget_nonces(connection, 1_001))
    assert await database.write(lambda connection: store.use_nonce(connection, "n", 1_000))


async def test_good_keys_are_counted_by_pepper(database: Database) -> None:
    """Those that ended need none."""
    await kept(database, RECORD, other(2), other(3, pepper_id="old"), other(4, pepper_id="gone", revoked_at_ms=1))
    found = await database.read(lambda connection: store.pepper_ids(connection, 5_000))
    assert found == {"pepper": 2, "old": 1}
