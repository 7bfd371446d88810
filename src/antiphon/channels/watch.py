"""How far the channels have come that somebody here follows: one question to the database for all of them.

However many follow a channel at this gateway, it is read once: what is new stands in a tail in memory for a while, and
whoever is further behind reads the database for himself. A post at this gateway is looked for at once, one at another
gateway within a quarter of a second. LISTEN and NOTIFY would be no quicker where it matters, and only one of the
databases has them.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import islice

from msgspec import Struct

from antiphon.channels import message_store, store
from antiphon.channels.model import Message
from antiphon.channels.store import HEADS_MAX, Head
from antiphon.db import Connection, Database
from antiphon.errors import Unavailable

POLL_S = 0.25
REST_S = 0.02  # between two questions, however many posts there are
TAIL_MAX = 256
TAIL_CHARACTERS_MAX = 65_536  # of one channel; a thousand may be followed


class News(Struct, frozen=True):
    """What a question for one channel brought: its head, and the first messages that its tail does not have yet."""

    head: Head
    messages: tuple[Message, ...]


class Tail:
    """The last messages of a channel: all that there are behind number `begin`, up to `end`."""

    def __init__(self, channel_id: str) -> None:
        self.channel_id = channel_id
        self.followers = 0
        self.begin: int | None = None  # None: nobody has asked yet
        self.end = 0
        self.revision = 0  # of the members
        self.gone = False
        self._deletions = 0
        self._messages: deque[Message] = deque()
        self._characters = 0
        self._changed = asyncio.Event()

    def behind(self, number: int) -> list[Message] | None:
        """The messages after a number; None where the tail does not reach back so far."""
        if self.begin is None or number < self.begin:
            return None
        return [message for message in self._messages if message.number > number]

    def take(self, news: News | None) -> None:
        """Go on with what a question brought; None stands for a channel that is gone."""
        if news is None:
            self.gone = True
            self.wake()
            return
        head = news.head
        if self.begin is None or (head.revision, head.deletions) != (self.revision, self._deletions):
            self._clear(head)
        elif head.last_number > self.end:
            self._extend(news)
        else:
            return
        self.wake()

    def wake(self) -> None:
        """Let whoever waits look again."""
        self._changed.set()
        self._changed = asyncio.Event()

    async def changed(self) -> None:
        """Return at the next change."""
        await self._changed.wait()

    def _extend(self, news: News) -> None:
        messages = news.messages
        if len(messages) == TAIL_MAX:  # there may be more: the next question brings them
            self.end = messages[-1].number
        else:
            self.end = news.head.last_number
        self._messages.extend(messages)
        self._characters += sum(len(message.content) for message in messages)
        while len(self._messages) > TAIL_MAX or (self._characters > TAIL_CHARACTERS_MAX and len(self._messages) > 1):
            dropped = self._messages.popleft()
            self._characters -= len(dropped.content)
            self.begin = dropped.number

    def _clear(self, head: Head) -> None:
        """Begin anew where the channel is now: who may follow it, or what it holds, is not what it was."""
        self._messages.clear()
        self._characters = 0
        self.begin = self.end = head.last_number
        self.revision, self._deletions = head.revision, head.deletions


class Watch:
    """The tails of all channels that somebody follows at this gateway."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._tails: dict[str, Tail] = {}
        self._wanted = asyncio.Event()
        self.followers = 0
        self.ending = False

    @contextlib.contextmanager
    def follow(self, channel_id: str) -> Iterator[Tail]:
        """The tail of a channel, kept up to date until the block ends."""
        tail = self._tails.get(channel_id)
        if tail is None:
            tail = self._tails[channel_id] = Tail(channel_id)
            self._wanted.set()
        tail.followers += 1
        self.followers += 1
        try:
            yield tail
        finally:
            self.followers -= 1
            tail.followers -= 1
            if not tail.followers:
                del self._tails[channel_id]

    def posted(self, channel_id: str) -> None:
        """Somebody has posted here: if anybody follows the channel, look at once."""
        if channel_id in self._tails:
            self._wanted.set()

    def end(self) -> None:
        """Let nobody wait any more: the gateway is about to end."""
        self.ending = True
        for tail in self._tails.values():
            tail.wake()

    async def run(self) -> None:
        """Keep the tails up to date, for ever; while the database does not answer, they stay as they are."""
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(POLL_S if self._tails else None):
                    await self._wanted.wait()
            self._wanted.clear()
            with contextlib.suppress(Unavailable):
                await self.look()
            await asyncio.sleep(REST_S)

    async def look(self) -> None:
        """Ask once for all channels that are followed."""
        places = {tail.channel_id: tail for tail in self._tails.values()}
        waiting = iter(places)
        while some := list(islice(waiting, HEADS_MAX)):
            known = {channel_id: _known(places[channel_id]) for channel_id in some}
            news = await self._database.read(partial(_news, known=known))
            for channel_id in some:
                self._take(places[channel_id], news.get(channel_id))

    def _take(self, tail: Tail, news: News | None) -> None:
        tail.take(news)
        if news is not None and tail.end < news.head.last_number:
            self._wanted.set()  # there is more than one question brings


def _known(tail: Tail) -> int | None:
    return None if tail.begin is None else tail.end


def _news(connection: Connection, known: dict[str, int | None]) -> dict[str, News]:
    """What is new of channels that are known up to a number each."""
    found: dict[str, News] = {}
    heads: Sequence[Head] = store.heads(connection, list(known))
    for head in heads:
        number = known[head.channel_id]
        new: tuple[Message, ...] = ()
        if number is not None and head.last_number > number:
            new = message_store.since(connection, head.channel_id, number, TAIL_MAX)
        found[head.channel_id] = News(head, new)
    return found
