"""/v1/channel: messages posted, read, waited for, followed and deleted. The bodies are Dria's."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable

import msgspec

from antiphon.channels.asking import Asked, read_asked
from antiphon.channels.following import Follower
from antiphon.channels.message_store import Once, Page
from antiphon.channels.model import (
    Channel,
    Draft,
    Message,
    message_id,
    require_avatar,
    require_bridged_author,
    require_content,
    require_display_name,
    short_name,
)
from antiphon.channels.parts import Channels
from antiphon.channels.wire import PostBody, WireMessages, shown_message
from antiphon.errors import BadRequest, PermissionDenied
from antiphon.http.decode import decode
from antiphon.http.exchange import EVENT_STREAM, JSON, Exchange, require_key
from antiphon.http.sse import HEARTBEAT, event
from antiphon.idempotency.request import HEADER, read
from antiphon.key import Key

WIRE_HEADER = b"x-wire"
BEGIN = b"retry: 1000\n\n"  # milliseconds until a reader whose stream broke off comes back
REPLAYED = (b"idempotent-replayed", b"true")

_body = msgspec.json.Decoder(PostBody)


class MessageRoutes:
    """The messages that the caller's account may see. `exact`: show only what Dria documents, unless asked otherwise.

    `on_posted` is called for each new message. A stream ends after `follow_s`, so that its key is looked at again.
    """

    def __init__(
        self,
        channels: Channels,
        *,
        on_posted: Callable[[], None],
        heartbeat_s: float,
        follow_s: float,
        exact: bool = False,
    ) -> None:
        self._channels = channels
        self._on_posted = on_posted
        self._heartbeat_s = heartbeat_s
        self._follow_s = follow_s
        self._exact = exact

    async def post(self, exchange: Exchange) -> None:
        """Keep a message. With an Idempotency-Key it is posted once, whatever dies meanwhile."""
        raw = await exchange.body()
        body = decode(raw, _body)
        key = require_key(exchange)
        draft = _draft(body, key, self._channels.bounds.content_bytes_max)
        once = None
        if HEADER in exchange.headers:
            asked = read(exchange, raw)
            once = Once(asked.name, asked.fingerprint)
        posted = await self._channels.messages.post(key, body.channel, draft, once)
        if not posted.replayed:
            self._on_posted()
        shown = msgspec.json.encode(shown_message(posted.message, posted.channel))
        exchange.respond(200, shown, JSON, *((REPLAYED,) if posted.replayed else ()))

    async def read(self, exchange: Exchange) -> None:
        """A part of a channel, at once or when there is one; or all that comes, as a stream."""
        last_seen = exchange.header(b"last-event-id")
        asked = read_asked(exchange.query, last_seen, wait_s_max=self._channels.bounds.wait_s_max)
        account = require_key(exchange).account
        if asked.follow:
            await self._follow(exchange, account, asked)
            return
        channel, page = await self._channels.following.page(account, asked)
        exchange.respond(200, msgspec.json.encode(self._shown(exchange, channel, page)), JSON)

    async def delete(self, exchange: Exchange) -> None:
        """Delete a message."""
        await self._channels.messages.delete(require_key(exchange), exchange.parameter)
        exchange.respond(204, b"")

    async def _follow(self, exchange: Exchange, account: str, asked: Asked) -> None:
        channel, page = await self._channels.messages.page(account, asked.channel, asked.wanted)
        with self._channels.following.follower(account, channel, page.end) as follower:
            exchange.start(200, *EVENT_STREAM)
            exchange.write(BEGIN + _events(page.messages, channel))
            await self._relay(exchange, follower)
        exchange.finish()

    async def _relay(self, exchange: Exchange, follower: Follower) -> None:
        now_s = asyncio.get_running_loop().time
        until_s = now_s() + self._follow_s
        while now_s() < until_s:
            messages = await follower.next(self._heartbeat_s)
            if messages is None:
                return
            if not exchange.write(_events(messages, follower.channel) if messages else HEARTBEAT):
                await exchange.drain()

    def _shown(self, exchange: Exchange, channel: Channel, page: Page) -> WireMessages:
        messages = [shown_message(message, channel) for message in page.messages]
        wanted = exchange.headers.get(WIRE_HEADER)
        if self._exact if wanted is None else wanted.lower() == b"exact":
            return WireMessages(messages)
        return WireMessages(messages, page.more, message_id(channel.id, page.end))


def _draft(body: PostBody, key: Key, bytes_max: int) -> Draft:
    """The message of a body; BadRequest names the field, PermissionDenied is for who is no bridge."""
    require_content(body.content, bytes_max)
    if body.name is not None:
        require_display_name(body.name)
    if body.avatar is not None:
        require_avatar(body.avatar)
    author = key.account
    if body.author is not None or body.author_type is not None:
        if "admin" not in key.scopes:
            raise PermissionDenied("`author` and `authorType` take a key with the scope `admin`.")
        if body.author is not None:
            require_bridged_author(body.author)
            if body.author_type != "discord":
                raise BadRequest("author: goes with `authorType` `discord` only.", param="author")
            author = body.author
    return Draft(author, body.name or short_name(author), body.author_type or "api", body.content)


def _events(messages: Iterable[Message], channel: Channel) -> bytes:
    """An event for each message, by whose id a reader can go on."""
    return b"".join(
        b"id: %b\n%b" % (message.id.encode(), event(msgspec.json.encode(shown_message(message, channel))))
        for message in messages
    )
