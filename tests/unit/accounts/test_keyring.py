"""The ring of all keys: those of the settings by their digests, others by the database, nothing by a guess."""

from __future__ import annotations

import asyncio

import pytest

from antiphon.accounts.keyring import Keyring
from antiphon.accounts.keys import digest, mint
from antiphon.accounts.stored_keys import StoredKeys
from antiphon.db import Database
from antiphon.errors import Unauthenticated
from antiphon.key import Key

from .stored import ACCOUNT, Stored, reads


def test_a_key_of_the_settings_is_found_by_its_digest() -> None:
    """The owner of a key is found, nobody is found for any other."""
    first, second = Key("first"), Key("second", requests_per_minute=5, models=frozenset({"m"}), dria=True)
    ring = Keyring({digest("one"): first, digest("two"): second})
    assert ring.find(b"one") is first
    assert ring.find(b"two") is second
    assert ring.find(b"three") is None
    assert ring.find(b"") is None


def test_a_digest_is_no_key() -> None:
    """Who reads what is kept cannot call with it."""
    assert Keyring({digest("one"): Key("first")}).find(digest("one").encode()) is None


@pytest.mark.parametrize(
    "token", [b"", b"three", b"dkn_live_", b"caf\xe9", pytest.param(mint("live").encode(), id="minted")]
)
async def test_who_is_not_found_is_refused(token: bytes) -> None:
    """Without a database there is nothing to look up."""
    with pytest.raises(Unauthenticated, match="^The API key is not valid.$"):
        await Keyring({digest("one"): Key("first")}).look_up(token)


async def test_a_stored_key_is_looked_up_once(database: Database) -> None:
    """The first request waits for the database; from then on memory is enough."""
    stored = Stored(database)
    minted = await stored.create()
    ring = Keyring({}, stored.keys)
    await stored.keys.refresh()
    token = minted.key.encode()
    assert ring.find(token, stored.now_s) is None
    found = await ring.look_up(token)
    assert (found.id, found.account, found.dria) == (minted.record.id, ACCOUNT, True)
    assert ring.find(token, stored.now_s) is found


async def test_a_typing_mistake_costs_no_look_up(database: Database) -> None:
    """What has not the form of a key, or not its check, never reaches the database."""
    stored = Stored(database)
    ring = Keyring({}, stored.keys)
    good = (await stored.create()).key
    with reads(database) as counted:
        for token in (good[:-1], good + "0", good.upper(), "sk-abc", good[:-1] + ("0" if good[-1] != "0" else "1")):
            with pytest.raises(Unauthenticated):
                await ring.look_up(token.encode())
    assert counted.reads == 0


async def test_settings_go_first(database: Database) -> None:
    """A key that the settings name never waits for the database."""
    stored = Stored(database)
    ring = Keyring({digest("one"): Key("first")}, stored.keys)
    assert ring.find(b"one", stored.now_s) == Key("first")
    assert isinstance(stored.keys, StoredKeys)
    assert not asyncio.all_tasks() - {asyncio.current_task()}
