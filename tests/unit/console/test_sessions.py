"""Tests of sessions: who signs in, for how long, at which gateways, and what ends it."""

from __future__ import annotations

import pytest

from antiphon.accounts.sign_in import SCOPES
from antiphon.console.sessions import HELD_S, SESSIONS_MAX
from antiphon.db import Connection, Database
from antiphon.errors import Conflict, Unauthenticated
from antiphon.key import Key
from tests.unit.accounts.stored import reads
from tests.unit.accounts.wallets import ADDRESS

from .desk import LIFETIME, NAMED, NAMED_TEXT, Desk


@pytest.fixture
def database_kind() -> str:
    """One kind: the store is tested on all."""
    return "sqlite-again"


async def is_over(desk: Desk, token: str) -> bool:
    """Whether a session has ended."""
    try:
        await desk.sessions.find(token)
    except Unauthenticated as error:
        assert error.code == "session_ended"
        return True
    return False


async def with_stored_key(desk: Desk) -> tuple[str, str]:
    """The token of somebody who signs in with a key of the database, and the key's id."""
    minted = await desk.stored.create()
    key = await desk.stored.keys.look_up(minted.key)
    assert key is not None
    return (await desk.sessions.begin(key, minted.key)).token, minted.record.id


async def test_a_key_of_the_database_signs_in(database: Database) -> None:
    """The session may do what the key may; the cookie and the key are not in the database."""
    desk = Desk(database)
    token, key_id = await with_stored_key(desk)
    held = await desk.sessions.find(token)
    assert (held.key.id, held.key.account) == (key_id, "acme")

    def everything(connection: Connection) -> str:
        return repr(connection.all("SELECT * FROM console_sessions"))

    assert token not in await database.read(everything)


async def test_a_key_of_the_settings_signs_in(database: Database) -> None:
    """At each gateway that has it; where it was taken out of the settings, the session has ended."""
    desk, other, without = Desk(database), Desk(database, seed=8), Desk(database, named={}, seed=9)
    token = (await desk.sessions.begin(NAMED, NAMED_TEXT)).token
    assert (await desk.sessions.find(token)).key == NAMED
    assert (await other.sessions.find(token)).key == NAMED
    assert await is_over(without, token)


async def test_a_wallet_signs_in(database: Database) -> None:
    """With a key of its own, which shows among the account's, and ends with the session."""
    desk = Desk(database)
    token = await desk.with_wallet()
    key = (await desk.sessions.find(token)).key
    assert (key.account, key.scopes, key.name) == (ADDRESS, SCOPES, "console")
    assert await desk.sessions.end(token)
    assert await is_over(desk, token)
    (record,) = await desk.stored.service.list(ADDRESS)
    assert record.state(desk.stored.now_ms) == "revoked"


async def test_a_session_ends_with_its_key(database: Database) -> None:
    """Within two seconds, at every gateway."""
    desk, other = Desk(database), Desk(database, seed=8)
    token, key_id = await with_stored_key(desk)
    await other.sessions.find(token)
    await desk.stored.service.revoke("acme", key_id)
    other.clock.advance(HELD_S)
    desk.clock.advance(HELD_S)
    assert await is_over(desk, token)
    assert await is_over(other, token)


async def test_signing_out_ends_it_for_all(database: Database) -> None:
    """Here at once, elsewhere as soon as it is looked at again; a key that was brought stays good."""
    desk, other = Desk(database), Desk(database, seed=8)
    token, key_id = await with_stored_key(desk)
    await other.sessions.find(token)
    assert not await desk.sessions.end(token)
    assert await is_over(desk, token)
    other.clock.advance(HELD_S)
    assert await is_over(other, token)
    (record,) = await desk.stored.service.list("acme")
    assert (record.id, record.state(desk.stored.now_ms)) == (key_id, "active")
    assert not await desk.sessions.end(token)
    assert not await desk.sessions.end("nonsense")


async def test_it_ends_when_nobody_does_anything(database: Database) -> None:
    """Each use begins the time anew; to look whether it is good is no use."""
    desk = Desk(database)
    token = (await desk.sessions.begin(NAMED, NAMED_TEXT)).token
    for _ in range(3):
        desk.clock.advance(LIFETIME.idle_s - 1)
        await desk.sessions.find(token)
    desk.clock.advance(LIFETIME.idle_s / 2)
    await desk.sessions.find(token, uses=False)
    desk.clock.advance(LIFETIME.idle_s / 2 + 1)
    assert await is_over(desk, token)


async def test_it_ends_however_much_it_is_used(database: Database) -> None:
    """Its time in all is bounded."""
    desk = Desk(database)
    token = (await desk.sessions.begin(NAMED, NAMED_TEXT)).token
    for _ in range(LIFETIME.most_s // 500 - 1):
        desk.clock.advance(500)
        await desk.sessions.find(token)
    desk.clock.advance(500)
    assert await is_over(desk, token)


async def test_what_is_over_is_forgotten(database: Database) -> None:
    """At the next sign-in, and with it the keys that were made for it."""
    desk = Desk(database)
    await desk.with_wallet()
    desk.clock.advance(LIFETIME.idle_s + 1)
    await desk.sessions.begin(NAMED, NAMED_TEXT)
    assert await desk.rows() == 1
    (record,) = await desk.stored.service.list(ADDRESS)
    assert record.state(desk.stored.now_ms) == "revoked"


async def test_an_account_has_some_sessions_at_most(database: Database) -> None:
    """One more ends the one that was not used for longest; a wallet never runs out of keys by signing in."""
    desk = Desk(database)
    tokens = []
    for _ in range(SESSIONS_MAX + 15):
        tokens.append(await desk.with_wallet())
        desk.clock.advance(HELD_S)
    assert await desk.rows() == SESSIONS_MAX
    assert await is_over(desk, tokens[14])
    assert not await is_over(desk, tokens[15])
    records = await desk.stored.service.list(ADDRESS)
    assert sum(record.state(desk.stored.now_ms) == "active" for record in records) == SESSIONS_MAX


async def test_a_wallet_that_has_too_many_keys_comes_in(database: Database) -> None:
    """By voiding them all, and with them its other sessions."""
    desk = Desk(database)
    before = await desk.with_wallet()
    for _ in range(19):
        await desk.stored.create(ADDRESS)
    with pytest.raises(Conflict):
        await desk.with_wallet()
    token = await desk.with_wallet(revoke_others=True)
    desk.clock.advance(HELD_S)
    assert await is_over(desk, before)
    assert not await is_over(desk, token)
    records = await desk.stored.service.list(ADDRESS)
    assert sum(record.state(desk.stored.now_ms) == "active" for record in records) == 1


async def test_made_up_cookies_cost_no_look_up(database: Database) -> None:
    """And one that is in use costs one a second at most."""
    desk = Desk(database)
    token = (await desk.sessions.begin(NAMED, NAMED_TEXT)).token
    with reads(database) as counted:
        for _ in range(5):
            assert await is_over(desk, token[:-4] + "AAAA")
        for _ in range(5):
            await desk.sessions.find(token)
    assert counted.reads == 1


async def test_a_stored_key_cannot_pass_for_one_of_the_settings(database: Database) -> None:
    """What settings name is digested in a space of its own."""
    minted = await Desk(database).stored.create()
    desk = Desk(database, named={minted.record.digest: Key("other")}, seed=8)
    key = await desk.stored.keys.look_up(minted.key)
    assert key is not None
    assert (await desk.sessions.find((await desk.sessions.begin(key, minted.key)).token)).key.account == "acme"
