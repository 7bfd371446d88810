"""Posting to channels, reading them, and deleting messages."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct

from antiphon.channels import message_store, rate_store, store
from antiphon.channels.asking import Wanted
from antiphon.channels.message_store import Once, Page
from antiphon.channels.model import (
    Bounds,
    Channel,
    Draft,
    Message,
    missing_message,
    parse_message_id,
    unknown,
)
from antiphon.db import Connection, Database
from antiphon.errors import AntiphonError, BadRequest, KeyReused, RateLimited
from antiphon.idempotency.request import NAME
from antiphon.key import Key

US_PER_MS = 1_000
US_PER_S = 1_000_000


class Posted(Struct, frozen=True):
    """A message with its channel; `replayed` where it was there before."""

    channel: Channel
    message: Message
    replayed: bool = False


def unheard(_channel_id: str) -> None:
    """For posts that nobody waits for."""


class Messages:
    """The messages of all channels. `on_post` is told of the channel that somebody has posted to here.

    Times are the database's, read with `now_sql`, since the clocks of gateways may differ.
    """

    def __init__(
        self, database: Database, bounds: Bounds, *, now_sql: str, on_post: Callable[[str], None] = unheard
    ) -> None:
        self._database = database
        self._bounds = bounds
        self._now_sql = now_sql
        self._on_post = on_post

    async def post(self, key: Key, address: str, draft: Draft, once: Once | None = None) -> Posted:
        """Keep a message, durably; the one that is there already where the same post comes again.

        BadRequest for a channel that the key's account may not use, as for none; RateLimited for too many posts of an
        account. KeyReused for another post under the name of an earlier one.
        """

        def work(connection: Connection) -> Posted | AntiphonError:
            # What is refused is returned: a work that raises has all that share its commit run again.
            channel = store.find(connection, key.account, address)
            if channel is None:
                return unknown(address)
            if once is not None and (before := message_store.posted(connection, once)) is not None:
                return _again(channel, once, *before)
            now_us = self._now_us(connection)
            per_minute = 0 if "admin" in key.scopes else self._bounds.posts_per_minute
            if per_minute and (wait_us := rate_store.take(connection, key.account, per_minute, now_us)):
                message = f"This account may post {per_minute} messages per minute."
                return RateLimited(message, retry_after_s=-(-wait_us // US_PER_S))
            return Posted(channel, message_store.append(connection, channel, draft, now_us // US_PER_MS, once))

        outcome = await self._database.write(work)
        if isinstance(outcome, AntiphonError):
            raise outcome
        if not outcome.replayed:
            self._on_post(outcome.channel.id)
        return outcome

    async def page(self, account: str, address: str, wanted: Wanted) -> tuple[Channel, Page]:
        """A part of a channel; BadRequest for one that the account may not use, as for none."""

        def work(connection: Connection) -> tuple[Channel, Page] | None:
            channel = store.find(connection, account, address)
            if channel is None:
                return None
            _require_own(channel, wanted)
            return channel, message_store.page(connection, channel, wanted)

        found = await self._database.read(work)
        if found is None:
            raise unknown(address)
        return found

    async def delete(self, key: Key, message_id: str) -> None:
        """Delete a message: its author may, the owner of the channel, and an operator; NotFound for all others."""
        parsed = parse_message_id(message_id)
        if parsed is None:
            raise missing_message(message_id)
        channel_id, number = parsed
        operator = "admin" in key.scopes

        def work(connection: Connection) -> bool:
            if operator:
                channel = store.any_of_id(connection, channel_id)
            else:
                channel = store.find_id(connection, key.account, channel_id)
            message = None if channel is None else message_store.find(connection, channel_id, number)
            if channel is None or message is None:
                return False
            own = message.author_type == "api" and message.author == key.account
            if not (operator or own or channel.owner == key.account):
                return False
            message_store.delete(connection, message)
            store.count_deletion(connection, channel_id)
            return True

        if not await self._database.write(work):
            raise missing_message(message_id)

    def _now_us(self, connection: Connection) -> int:
        row = connection.one(self._now_sql)
        assert row is not None, "a clock has a time"
        return int(row[0])


def _again(channel: Channel, once: Once, before: Message, fingerprint: str) -> Posted | KeyReused:
    """What a post under a name gets that was used before."""
    if fingerprint != once.fingerprint or before.channel_id != channel.id:
        return KeyReused(f"{NAME}: it was used for another request; a new request takes a new key.", param=NAME)
    return Posted(channel, before, replayed=True)


def _require_own(channel: Channel, wanted: Wanted) -> None:
    """BadRequest for a cursor of another channel."""
    for param, cursor in (("after", wanted.after), ("before", wanted.before)):
        if cursor is not None and cursor.channel_id not in (None, channel.id):
            raise BadRequest(f"{param}: the id of a message of another channel.", param=param)
