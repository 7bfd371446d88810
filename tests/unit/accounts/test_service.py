"""Keys of accounts: made within bounds, revoked at once, rotated without a gap."""

from __future__ import annotations

import asyncio

import pytest

from antiphon.accounts import service
from antiphon.accounts.keys import well_formed
from antiphon.accounts.model import Grant
from antiphon.db import Connection, Database
from antiphon.errors import BadRequest, Conflict, NotFound, PermissionDenied, Unauthenticated
from antiphon.key import ADMIN, CLIENT, INFERENCE, Key

from .stored import ACCOUNT, GRANT, PEPPER, Stored


async def test_a_key_is_made_and_shown_once(database: Database) -> None:
    """What is kept is a digest under the pepper, and the characters that people see."""
    stored = Stored(database)
    minted = await stored.create()
    record = minted.record
    assert well_formed(minted.key)
    assert (record.first, record.last) == (minted.key[:12], minted.key[-4:])
    assert (record.digest, record.pepper_id) == (PEPPER.digest(minted.key), PEPPER.id)
    assert (record.account, record.kind, record.grant) == (ACCOUNT, "test", GRANT)
    assert await stored.service.list(ACCOUNT) == [record]
    assert await stored.service.list("other") == []
    kept = await database.read(lambda connection: connection.all("SELECT * FROM keys"))
    assert minted.key not in repr(kept)


async def test_a_bad_grant_or_account_is_refused(database: Database) -> None:
    """By the first rule that it breaks, before anything is written."""
    stored = Stored(database)
    with pytest.raises(BadRequest, match="^name: expected 1 to 64") as caught:
        await stored.create(name="")
    assert caught.value.param == "name"
    with pytest.raises(BadRequest, match="^account: expected a wallet"):
        await stored.create("0xacme")
    assert await stored.service.list(None) == []


async def test_an_account_has_so_many_keys_at_most(database: Database) -> None:
    """Of more at one moment just the allowed number are made; one that ended makes room."""
    stored = Stored(database, keys_max=3)
    made = await asyncio.gather(*(stored.create() for _ in range(10)), return_exceptions=True)
    minted = [one for one in made if isinstance(one, service.Minted)]
    refused = [one for one in made if isinstance(one, Conflict)]
    assert (len(minted), len(refused)) == (3, 7)
    assert refused[0].code == "too_many_keys"
    await stored.create("other")
    await stored.service.revoke(ACCOUNT, minted[0].record.id)
    await stored.create()
    with pytest.raises(Conflict, match="3 keys"):
        await stored.create()


async def test_too_many_ended_keys_are_too_many(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody fills the database by making keys and revoking them; in time they are forgotten."""
    monkeypatch.setattr(service, "ROWS_MAX", 2)
    stored = Stored(database)
    for _ in range(2):
        minted = await stored.create()
        await stored.service.revoke(ACCOUNT, minted.record.id)
    with pytest.raises(Conflict, match="too many keys in the last months"):
        await stored.create()
    stored.clock.advance(91 * 86_400)
    await stored.create()
    assert len(await stored.service.list(ACCOUNT)) == 1


async def test_others_may_be_revoked_with_the_making(database: Database) -> None:
    """Whoever lost all keys gets in again, also at the limit; other accounts keep theirs."""
    stored = Stored(database, keys_max=1)
    lost, foreign = await stored.create(), await stored.create("other")
    minted = await stored.service.create(ACCOUNT, GRANT, revoke_others=True)
    states = {record.id: record.state(stored.now_ms) for record in await stored.service.list(None)}
    assert states == {lost.record.id: "revoked", foreign.record.id: "active", minted.record.id: "active"}


async def test_a_step_before_is_part_of_the_making(database: Database) -> None:
    """When it is refused, nothing was made; when the making is refused, it was not done."""
    stored = Stored(database, keys_max=1)

    def refuse(_connection: Connection) -> None:
        raise Unauthenticated("not you")

    with pytest.raises(Unauthenticated):
        await stored.service.create(ACCOUNT, GRANT, first=refuse)
    assert await stored.service.list(None) == []
    await stored.create()
    with pytest.raises(Conflict):
        await stored.service.create(ACCOUNT, GRANT, first=_mark)
    assert await database.read(lambda connection: connection.all("SELECT nonce FROM used_nonces")) == []


def _mark(connection: Connection) -> None:
    connection.run("INSERT INTO used_nonces (nonce, expires_at_ms) VALUES ('mark', 1)")


async def test_a_key_makes_none_that_may_more(database: Database) -> None:
    """Neither new nor by rotating a mightier one."""
    stored = Stored(database)
    maker = Key("maker", scopes=CLIENT | {"keys"}, account_name=ACCOUNT)
    with pytest.raises(PermissionDenied, match="^scopes: this key has not the scope `admin` itself"):
        await stored.service.create(ACCOUNT, Grant("k", ADMIN), maker=maker)
    mighty = await stored.create(scopes=ADMIN)
    with pytest.raises(PermissionDenied):
        await stored.service.rotate(ACCOUNT, mighty.record.id, maker=maker)
    await stored.service.create(ACCOUNT, Grant("k", INFERENCE), maker=maker)


async def test_a_foreign_key_is_not_found(database: Database) -> None:
    """As if it did not exist, whatever is asked; an operator finds all."""
    stored = Stored(database)
    record = (await stored.create()).record
    for key_id, account in ((record.id, "other"), ("key_0", ACCOUNT), ("a\0b", ACCOUNT)):
        with pytest.raises(NotFound, match="^There is no key of that id.$") as caught:
            await stored.service.revoke(account, key_id)
        assert caught.value.code == "key_not_found"
        with pytest.raises(NotFound):
            await stored.service.rotate(account, key_id)
    assert (await stored.service.revoke(None, record.id)).state(stored.now_ms) == "revoked"


async def test_revoking_twice_is_revoking(database: Database) -> None:
    """The first time stays."""
    stored = Stored(database)
    key_id = (await stored.create()).record.id
    first = await stored.service.revoke(ACCOUNT, key_id)
    stored.clock.advance(60)
    assert await stored.service.revoke(ACCOUNT, key_id) == first
    assert await stored.service.list(ACCOUNT) == [first]


async def test_a_rotation_overlaps(database: Database) -> None:
    """The new key may do the same, the old one is good for a while, and names its successor."""
    stored = Stored(database)
    old = await stored.create(requests_per_minute=7)
    new = await stored.service.rotate(ACCOUNT, old.record.id, 60)
    assert new.key != old.key
    assert new.record.grant == old.record.grant
    found = {record.id: record for record in await stored.service.list(ACCOUNT)}
    assert found[old.record.id].replaced_by == new.record.id
    assert found[old.record.id].grant.expires_at_ms == stored.now_ms + 60_000
    stored.clock.advance(60)
    assert found[old.record.id].state(stored.now_ms) == "expired"
    assert found[new.record.id].state(stored.now_ms) == "active"


async def test_a_rotation_renews_a_lifetime(database: Database) -> None:
    """The successor lives as long as the old one was meant to, which never lives longer than it was to."""
    stored = Stored(database)
    old = await stored.create(expires_at_ms=stored.now_ms + 100_000)
    stored.clock.advance(90)
    new = await stored.service.rotate(ACCOUNT, old.record.id, 60)
    assert new.record.grant.expires_at_ms == stored.now_ms + 100_000
    found = {record.id: record for record in await stored.service.list(ACCOUNT)}
    assert found[old.record.id].grant.expires_at_ms == stored.now_ms + 10_000


async def test_a_key_has_one_successor(database: Database) -> None:
    """Of rotations at one moment one is done; a key that ended is not rotated."""
    stored = Stored(database)
    old = await stored.create()
    done = await asyncio.gather(
        *(stored.service.rotate(ACCOUNT, old.record.id) for _ in range(5)), return_exceptions=True
    )
    assert sum(isinstance(one, service.Minted) for one in done) == 1
    assert {one.code for one in done if isinstance(one, Conflict)} == {"key_ended"}
    ended = await stored.create()
    await stored.service.revoke(ACCOUNT, ended.record.id)
    with pytest.raises(Conflict, match="has ended"):
        await stored.service.rotate(ACCOUNT, ended.record.id)
    with pytest.raises(BadRequest, match="^overlap_s: expected 0 to"):
        await stored.service.rotate(ACCOUNT, old.record.id, -1)


async def test_a_rotated_key_takes_no_room(database: Database) -> None:
    """An account at its limit can still rotate."""
    stored = Stored(database, keys_max=1)
    old = await stored.create()
    new = await stored.service.rotate(ACCOUNT, old.record.id)
    await stored.service.rotate(ACCOUNT, new.record.id)
    with pytest.raises(Conflict):
        await stored.create()


async def test_keys_are_counted_by_pepper(database: Database) -> None:
    """So that a gateway can tell of those that nobody can use with it."""
    stored = Stored(database)
    await stored.create()
    assert await stored.service.peppers() == {PEPPER.id: 1}
