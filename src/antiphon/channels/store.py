"""Channels and their members in the database. Plain functions over a connection, called within a work.

Whatever an account may use is found by its own row among the members, never by the channel's: a channel that is for
others is not even touched, so that nothing about it, not even time, tells whether it is there.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from antiphon.channels.model import EVERYBODY, Channel, parse_address
from antiphon.db import Connection, Row

COLUMNS = "c.id, c.owner, c.name, c.created_at_ms, c.last_number"
USABLE = f"SELECT {COLUMNS} FROM channel_members m JOIN channels c ON c.id = m.channel_id"
OF_ANY = "m.account IN ('', :account)"  # the first one stands for everybody
HEADS_MAX = 64  # channels that one statement asks for
_PLACES = tuple(f"id_{number}" for number in range(HEADS_MAX))
_HEADS = (
    "SELECT id, last_number, revision, deletions FROM channels"
    f" WHERE id IN ({', '.join(f':{place}' for place in _PLACES)})"
)


class Head(Struct, frozen=True):
    """How far a channel has come; `revision` counts changes of its members, `deletions` deleted messages."""

    channel_id: str
    last_number: int
    revision: int
    deletions: int


def find(connection: Connection, account: str, address: str) -> Channel | None:
    """The channel that an account calls so and may use: a bare name is a public channel's, else one of its own."""
    parts = parse_address(address)
    if parts is None:
        return None
    owner, name = parts
    if owner is not None:
        sql = f"{USABLE} WHERE m.account = :account AND m.owner = :owner AND m.name = :name"
        row = connection.one(sql, account=account, owner=owner, name=name)
    else:
        sql = f"{USABLE} WHERE {OF_ANY} AND m.owner = m.account AND m.name = :name ORDER BY m.account"
        row = connection.one(sql, account=account, name=name)
    return None if row is None else Channel(*row)


def find_id(connection: Connection, account: str, channel_id: str) -> Channel | None:
    """The channel of that id, if the account may use it."""
    sql = f"{USABLE} WHERE m.channel_id = :channel_id AND {OF_ANY}"
    row = connection.one(sql, channel_id=channel_id, account=account)
    return None if row is None else Channel(*row)


def any_of_id(connection: Connection, channel_id: str) -> Channel | None:
    """The channel of that id, whoever may use it."""
    row = connection.one(f"SELECT {COLUMNS} FROM channels c WHERE c.id = :channel_id", channel_id=channel_id)
    return None if row is None else Channel(*row)


def usable(connection: Connection, account: str, limit: int) -> tuple[Channel, ...]:
    """The channels that an account may use, the public ones first."""
    sql = f"{USABLE} WHERE {OF_ANY} ORDER BY m.account, m.owner, m.name LIMIT :limit"
    return tuple(Channel(*row) for row in connection.all(sql, account=account, limit=limit))


def count_owned(connection: Connection, owner: str) -> int:
    """How many channels an account has."""
    row = connection.one("SELECT COUNT(*) FROM channels WHERE owner = :owner", owner=owner)
    assert row is not None, "an aggregate has a row"
    return int(row[0])


def insert(connection: Connection, channel: Channel) -> bool:
    """Keep a new channel with its owner as a member; False when the owner has one of that name."""
    kept = connection.run(
        "INSERT INTO channels (id, owner, name, created_at_ms) VALUES (:id, :owner, :name, :created_at_ms)"
        " ON CONFLICT (owner, name) DO NOTHING",
        id=channel.id,
        owner=channel.owner,
        name=channel.name,
        created_at_ms=channel.created_at_ms,
    )
    if kept:
        add_member(connection, channel, channel.owner)
    return kept > 0


def delete(connection: Connection, channel_id: str) -> None:
    """Forget a channel with its members and messages."""
    connection.run("DELETE FROM channels WHERE id = :channel_id", channel_id=channel_id)


def add_member(connection: Connection, channel: Channel, account: str) -> None:
    """Let an account use a channel; one that may already stays."""
    connection.run(
        "INSERT INTO channel_members (account, owner, name, channel_id) VALUES (:account, :owner, :name, :channel_id)"
        " ON CONFLICT (account, owner, name) DO NOTHING",
        account=account,
        owner=channel.owner,
        name=channel.name,
        channel_id=channel.id,
    )


def remove_member(connection: Connection, channel: Channel, account: str) -> None:
    """Let an account use a channel no longer."""
    sql = "DELETE FROM channel_members WHERE channel_id = :channel_id AND account = :account"
    connection.run(sql, channel_id=channel.id, account=account)


def members(connection: Connection, channel: Channel) -> tuple[str, ...]:
    """Who may use a channel, but for its owner."""
    sql = "SELECT account FROM channel_members WHERE channel_id = :channel_id AND account <> :owner ORDER BY account"
    return tuple(row[0] for row in connection.all(sql, channel_id=channel.id, owner=channel.owner))


def revise(connection: Connection, channel_id: str) -> None:
    """Let every gateway look again at who follows a channel."""
    connection.run("UPDATE channels SET revision = revision + 1 WHERE id = :channel_id", channel_id=channel_id)


def count_deletion(connection: Connection, channel_id: str) -> None:
    """Let every gateway forget what it holds of a channel in memory."""
    connection.run("UPDATE channels SET deletions = deletions + 1 WHERE id = :channel_id", channel_id=channel_id)


def heads(connection: Connection, channel_ids: Sequence[str]) -> list[Head]:
    """How far some channels have come, `HEADS_MAX` at most; one that is gone is not among them."""
    assert len(channel_ids) <= HEADS_MAX, "the caller takes so many at once"
    padded = [*channel_ids, *[EVERYBODY] * (HEADS_MAX - len(channel_ids))]
    return [_head(row) for row in connection.all(_HEADS, **dict(zip(_PLACES, padded, strict=True)))]


def _head(row: Row) -> Head:
    return Head(*row)
