"""A channel followed over connections that may break: each message once, in order."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlencode

from antiphon.cli.client import Client, checked
from antiphon.errors import AntiphonError, Unavailable
from antiphon.http.sse import EventReader

Message = dict[str, Any]  # Any: the gateway's JSON
AGAIN_S = 1.0
PASSING = (429, 502, 503, 504)  # what a reader that was let in waits out


class ChannelFollower:
    """Follows one channel. `pause` is called before each new connection."""

    def __init__(self, client: Client, channel: str, *, pause: Callable[[float], None] = time.sleep) -> None:
        self._client = client
        self._channel = channel
        self._pause = pause

    def messages(self, *, last: int, after: str | None) -> Iterator[Message]:
        """Those after a place, or the `last` ones, then what comes, for ever; a refusal raises AntiphonError."""
        page = checked(self._client.get(self._path(limit=max(1, last))))
        if after is None:
            yield from page["messages"] if last else ()
            after = page["next"]
        while True:
            try:
                for message in self._stream(after):
                    after = message["id"]
                    yield message
            except AntiphonError as error:
                if not (isinstance(error, Unavailable) or error.status in PASSING):
                    raise
            self._pause(AGAIN_S)  # the place is known: go on from there

    def _stream(self, after: str) -> Iterator[Message]:
        """What one connection shows."""
        reader = EventReader()
        for piece in self._client.download(self._path(follow="true", after=after)):
            for payload in reader.feed(piece):
                message: Message = json.loads(payload)
                if "error" in message:
                    raise _failure(message["error"])
                yield message

    def _path(self, **fields: str | int) -> str:
        return f"/channel?{urlencode({'channel': self._channel, **fields})}"


def _failure(told: dict[str, Any]) -> AntiphonError:  # Any: the gateway's JSON
    """The error that a stream ended with."""
    kind = Unavailable if told.get("type") == Unavailable.type else AntiphonError
    return kind(str(told["message"]), code=told.get("code"))
