"""Messages in the database. Plain functions over a connection, called within a work."""

from __future__ import annotations

from msgspec import Struct

from antiphon.channels.asking import MS_MAX, NUMBER_MAX, Cursor, Wanted
from antiphon.channels.model import Channel, Draft, Message
from antiphon.db import Connection

COLUMNS = "channel_id, number, author, author_name, author_type, content, created_at_ms"
SELECT = f"SELECT {COLUMNS} FROM channel_messages"


class Once(Struct, frozen=True):
    """By what a post is known again: `name` stands for its Idempotency-Key, `fingerprint` for all that it asks."""

    name: str
    fingerprint: str


class Page(Struct, frozen=True):
    """Messages, the oldest first, and whether there are more in the direction that was asked for.

    `end` is the number up to which whoever goes on from here has missed nothing.
    """

    messages: tuple[Message, ...]
    more: bool
    end: int


def append(connection: Connection, channel: Channel, draft: Draft, now_ms: int, once: Once | None) -> Message:
    """Keep a message as the channel's last. No two of a channel have one time, and none is older than one before it.

    The channel's row stays locked until the commit, so that numbers and times are in the order of commits.
    """
    row = connection.one(
        "UPDATE channels SET last_number = last_number + 1,"
        " last_at_ms = CASE WHEN last_at_ms < :now_ms THEN :now_ms ELSE last_at_ms + 1 END"
        " WHERE id = :channel_id RETURNING last_number, last_at_ms",
        channel_id=channel.id,
        now_ms=now_ms,
    )
    assert row is not None, "the channel was found in this transaction"
    message = Message(
        channel.id, int(row[0]), draft.author, draft.author_name, draft.author_type, draft.content, int(row[1])
    )
    connection.run(
        f"INSERT INTO channel_messages ({COLUMNS}, once_name, once_fingerprint) VALUES (:channel_id, :number, :author,"
        " :author_name, :author_type, :content, :created_at_ms, :once_name, :once_fingerprint)",
        channel_id=message.channel_id,
        number=message.number,
        author=message.author,
        author_name=message.author_name,
        author_type=message.author_type,
        content=message.content,
        created_at_ms=message.created_at_ms,
        once_name=None if once is None else once.name,
        once_fingerprint=None if once is None else once.fingerprint,
    )
    return message


def posted(connection: Connection, once: Once) -> tuple[Message, str] | None:
    """The message that was posted under that name, and what asked for it."""
    sql = f"SELECT once_fingerprint, {COLUMNS} FROM channel_messages WHERE once_name = :name"
    row = connection.one(sql, name=once.name)
    return None if row is None else (Message(*row[1:]), row[0])


def page(connection: Connection, channel: Channel, wanted: Wanted) -> Page:
    """The messages that are wanted of a channel, which was read in the same snapshot."""
    forwards = wanted.after is not None
    number, at_ms = _place(wanted.after, 0, -1)
    number_before, before_ms = _place(wanted.before, NUMBER_MAX, MS_MAX)
    rows = connection.all(
        f"{SELECT} WHERE channel_id = :channel_id AND number > :number AND number < :number_before"
        " AND created_at_ms > :at_ms AND created_at_ms < :before_ms"
        f" ORDER BY number {'ASC' if forwards else 'DESC'} LIMIT :limit",
        channel_id=channel.id,
        number=number,
        number_before=number_before,
        at_ms=at_ms,
        before_ms=before_ms,
        limit=wanted.limit + 1,
    )
    more = len(rows) > wanted.limit
    found = [Message(*row) for row in rows[: wanted.limit]]
    messages = tuple(found if forwards else reversed(found))
    if messages and (more or wanted.before is not None or not forwards):
        end = messages[-1].number
    else:
        end = channel.last_number
    return Page(messages, more, end)


def since(connection: Connection, channel_id: str, number: int, limit: int) -> tuple[Message, ...]:
    """The first messages of a channel after a number."""
    sql = f"{SELECT} WHERE channel_id = :channel_id AND number > :number ORDER BY number LIMIT :limit"
    return tuple(Message(*row) for row in connection.all(sql, channel_id=channel_id, number=number, limit=limit))


def find(connection: Connection, channel_id: str, number: int) -> Message | None:
    """One message."""
    sql = f"{SELECT} WHERE channel_id = :channel_id AND number = :number"
    row = connection.one(sql, channel_id=channel_id, number=number)
    return None if row is None else Message(*row)


def delete(connection: Connection, message: Message) -> None:
    """Forget a message; its number is not given again."""
    sql = "DELETE FROM channel_messages WHERE channel_id = :channel_id AND number = :number"
    connection.run(sql, channel_id=message.channel_id, number=message.number)


def aged(connection: Connection, before_ms: int, limit: int) -> tuple[str, ...]:
    """Channels that have messages of before a time."""
    sql = (
        "SELECT c.id FROM channels c WHERE EXISTS (SELECT 1 FROM channel_messages m WHERE m.channel_id = c.id"
        " AND m.created_at_ms < :before_ms) ORDER BY c.id LIMIT :limit"
    )
    return tuple(row[0] for row in connection.all(sql, before_ms=before_ms, limit=limit))


def delete_aged(connection: Connection, channel_id: str, before_ms: int, limit: int) -> int:
    """Forget the oldest messages of a channel, of before a time; how many those were."""
    return connection.run(
        "DELETE FROM channel_messages WHERE channel_id = :channel_id AND number IN (SELECT number FROM"
        " channel_messages WHERE channel_id = :channel_id AND created_at_ms < :before_ms ORDER BY created_at_ms"
        " LIMIT :limit)",
        channel_id=channel_id,
        before_ms=before_ms,
        limit=limit,
    )


def _place(cursor: Cursor | None, number: int, at_ms: int) -> tuple[int, int]:
    """The number and the time of a cursor; what it does not say bounds nothing."""
    if cursor is None:
        return number, at_ms
    return (
        number if cursor.number is None else cursor.number,
        at_ms if cursor.at_ms is None else min(max(cursor.at_ms, -1), MS_MAX),
    )
