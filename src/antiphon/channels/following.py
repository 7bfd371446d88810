"""Reading a channel on: each message once, in order, from a place on, as long as the caller wants and may."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from contextlib import contextmanager

from antiphon.channels.asking import LIMIT_MAX, Asked, Cursor, Wanted
from antiphon.channels.message_store import Page
from antiphon.channels.model import Bounds, Channel, Message, unknown
from antiphon.channels.service import Messages
from antiphon.channels.watch import Tail, Watch
from antiphon.errors import Unavailable

RETRY_AFTER_S = 5


class Follower:
    """One reader's place in a channel. A reader that may no longer is told so, as whoever asks for no channel."""

    def __init__(self, messages: Messages, watch: Watch, tail: Tail, account: str, channel: Channel, end: int) -> None:
        self._messages = messages
        self._watch = watch
        self._tail = tail
        self._account = account
        self._number = end
        self._revision: int | None = None  # of the members that were looked at
        self.channel = channel

    async def next(self, wait_s: float) -> list[Message] | None:
        """The messages that follow, at least one; none after `wait_s` without; None when the gateway ends."""
        tail = self._tail
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(wait_s):
                while not self._watch.ending:
                    if found := await self._look():
                        return found
                    if self._settled:
                        await tail.changed()
        return None if self._watch.ending else []

    @property
    def _settled(self) -> bool:
        """Whether there is nothing to do before the tail changes."""
        tail = self._tail
        return self._number >= tail.end and not (tail.gone or self._outdated or self._watch.ending)

    @property
    def _outdated(self) -> bool:
        """Whether the members have changed since it was looked at whether the reader is one."""
        return self._tail.begin is not None and self._revision != self._tail.revision

    async def _look(self) -> list[Message]:
        tail = self._tail
        if tail.gone:
            raise unknown(self.channel.address)
        if tail.begin is None:
            return []  # the watch asks for the channel right now
        found = None if self._outdated else tail.behind(self._number)
        if found is None:
            return await self._read()
        self._number = max(self._number, tail.end)  # the database may have been read further than the tail is
        return found

    async def _read(self) -> list[Message]:
        """What the tail no longer has, or what may have changed, is read from the database, with the right to it."""
        revision = self._tail.revision
        wanted = Wanted(LIMIT_MAX, after=Cursor(number=self._number))
        channel, page = await self._messages.page(self._account, self.channel.address, wanted)
        if channel.id != self.channel.id:
            raise unknown(self.channel.address)  # another one has taken its name
        self._revision = revision
        self._number = max(self._number, page.end)
        return list(page.messages)


class Following:
    """Pages that may be waited for, and followers; so many at once at this gateway."""

    def __init__(self, messages: Messages, watch: Watch, bounds: Bounds) -> None:
        self._messages = messages
        self._watch = watch
        self._bounds = bounds

    async def page(self, account: str, asked: Asked) -> tuple[Channel, Page]:
        """What is asked; where there is nothing, what comes within the time that the asker waits."""
        channel, page = await self._messages.page(account, asked.channel, asked.wanted)
        if page.messages or not asked.wait_s:
            return channel, page
        with self.follower(account, channel, page.end) as follower:
            found = await follower.next(asked.wait_s)
        if not found:
            return channel, page
        limit = asked.wanted.limit
        shown = tuple(found[:limit])
        return channel, Page(shown, len(found) > limit, shown[-1].number)

    @contextmanager
    def follower(self, account: str, channel: Channel, end: int) -> Iterator[Follower]:
        """A follower from a number on; Unavailable when there are too many, and when the gateway ends."""
        if self._watch.ending:
            raise Unavailable("The gateway ends.", retry_after_s=1)
        if self._watch.followers >= self._bounds.followers_max:
            raise Unavailable("As many follow channels here as may at once.", retry_after_s=RETRY_AFTER_S)
        with self._watch.follow(channel.id) as tail:
            yield Follower(self._messages, self._watch, tail, account, channel, end)
