"""Channels and members in each database."""

from __future__ import annotations

from functools import partial

from antiphon.channels import store
from antiphon.channels.model import Channel
from antiphon.channels.store import Head
from antiphon.db import Connection, Database

GENERAL, TEAM, OTHER, SHADOWED = (
    Channel(f"ch-{number:024x}", owner, name, number)
    for number, owner, name in ((1, "", "general"), (2, "ann", "team"), (3, "bob", "team"), (4, "bob", "general"))
)


def keep(connection: Connection) -> list[bool]:
    """All of them, one twice; the second of one owner and name is not kept."""
    return [store.insert(connection, channel) for channel in (GENERAL, TEAM, OTHER, SHADOWED, TEAM)]


async def test_the_life_of_channels(database: Database) -> None:
    """Found by whoever may use them, under the names that mean them; forgotten with their members."""
    assert await database.write(keep) == [True, True, True, True, False]
    await database.write(partial(store.add_member, channel=TEAM, account="bob"))
    await database.write(partial(store.add_member, channel=TEAM, account="bob"))

    def seen(connection: Connection) -> None:
        for account, address, expected in (
            ("ann", "general", GENERAL),
            ("ann", "team", TEAM),
            ("ann", "ann/team", TEAM),
            ("ann", "bob/team", None),
            ("bob", "team", OTHER),
            ("bob", "ann/team", TEAM),
            ("bob", "general", GENERAL),
            ("bob", "bob/general", SHADOWED),
            ("eve", "general", GENERAL),
            ("eve", "team", None),
            ("eve", "ann/team", None),
            ("ann", "/general", None),
        ):
            assert store.find(connection, account, address) == expected, (account, address)
        assert store.usable(connection, "bob", 10) == (GENERAL, TEAM, SHADOWED, OTHER)
        assert store.usable(connection, "bob", 2) == (GENERAL, TEAM)
        assert store.find_id(connection, "bob", TEAM.id) == store.any_of_id(connection, TEAM.id) == TEAM
        assert store.find_id(connection, "eve", TEAM.id) is None
        assert store.find_id(connection, "eve", GENERAL.id) == GENERAL
        assert store.members(connection, TEAM) == ("bob",)
        assert store.count_owned(connection, "bob") == 2

    await database.read(seen)
    await database.write(partial(store.remove_member, channel=TEAM, account="bob"))
    await database.write(partial(store.delete, channel_id=OTHER.id))
    assert await database.read(partial(store.usable, account="bob", limit=10)) == (GENERAL, SHADOWED)
    assert await database.read(partial(store.any_of_id, channel_id=OTHER.id)) is None


async def test_heads(database: Database) -> None:
    """Of the channels that are asked for and are there, with how often they were changed."""
    await database.write(keep)
    await database.write(partial(store.revise, channel_id=TEAM.id))
    await database.write(partial(store.count_deletion, channel_id=GENERAL.id))
    found = await database.read(partial(store.heads, channel_ids=[TEAM.id, GENERAL.id, "ch-none"]))
    assert sorted(found, key=lambda head: head.channel_id) == [
        Head(GENERAL.id, 0, 0, 1),
        Head(TEAM.id, 0, 1, 0),
    ]
