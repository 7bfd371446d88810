"""A channel followed over connections that break."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from antiphon.cli.channel_follower import ChannelFollower
from antiphon.cli.client import Client, Reply
from antiphon.cli.endpoint import Endpoint
from antiphon.errors import AntiphonError, Unavailable

GONE = {"error": {"message": "channel: there is no channel 'team'.", "code": "unknown_channel"}}


def shown(*names: str) -> bytes:
    """The events of some messages."""
    return b"".join(b"id: %b\ndata: %b\n\n" % (name.encode(), json.dumps({"id": name}).encode()) for name in names)


class Scripted(Client):
    """Gives one page, then one stream after the other; each may break off."""

    def __init__(self, page: Sequence[str], streams: Sequence[Sequence[bytes | Exception]]) -> None:
        super().__init__(Endpoint("http://127.0.0.1:1/v1", None))
        self._page = page
        self._streams = iter(streams)
        self.asked: list[dict[str, Any]] = []

    def get(self, path: str, *, root: bool = False) -> Reply:
        """The page."""
        self.asked.append(parse_qs(urlsplit(path).query))
        body = {"messages": [{"id": name} for name in self._page], "next": self._page[-1] if self._page else "begin"}
        return Reply(200, {}, json.dumps(body).encode())

    def download(self, path: str) -> Iterator[bytes]:
        """The next stream."""
        self.asked.append(parse_qs(urlsplit(path).query))
        for piece in next(self._streams):
            if isinstance(piece, Exception):
                raise piece
            yield piece


def test_what_breaks_off_is_gone_on_with() -> None:
    """Behind the last whole message, after a pause."""
    broken = shown("3") + b'id: 4\ndata: {"id": '
    client = Scripted(["1", "2"], [[b": heartbeat\n\n", broken, Unavailable()], [Unavailable()], [shown("4", "5")], []])
    pauses: list[float] = []
    follower = ChannelFollower(client, "a/b", pause=pauses.append)
    found = islice(follower.messages(last=2, after=None), 5)
    assert [message["id"] for message in found] == ["1", "2", "3", "4", "5"]
    assert [asked.get("after") for asked in client.asked] == [None, ["2"], ["3"], ["3"]]
    assert all(asked["channel"] == ["a/b"] for asked in client.asked)
    assert len(pauses) == 2


def test_what_passes_is_waited_out() -> None:
    """A gateway that is restarted or has no database now, as a status or as a stream's last event."""
    away = {"error": {"message": "The database does not answer.", "type": "service_unavailable_error"}}
    busy = AntiphonError("The gateway ends. (status 503)")
    busy.status = 503
    streams = ([b"data: %b\n\n" % json.dumps(away).encode()], [busy], [shown("1")])
    pauses: list[float] = []
    follower = ChannelFollower(Scripted([], streams), "general", pause=pauses.append)
    assert next(follower.messages(last=1, after=None)) == {"id": "1"}
    assert len(pauses) == 2


def test_where_it_begins() -> None:
    """Behind all that is there, or behind a place that was given."""
    for last, after, begin in ((0, None, "1"), (9, "7", "7")):
        client = Scripted(["1"], [[shown("8")]])
        found = ChannelFollower(client, "general").messages(last=last, after=after)
        assert next(found) == {"id": "8"}
        assert client.asked[-1]["after"] == [begin]


def test_a_refusal_ends_it() -> None:
    """Whether it comes first or as a stream's last event."""
    for stream in ([b"data: %b\n\n" % json.dumps(GONE).encode()], [AntiphonError("there is no channel")]):
        follower = ChannelFollower(Scripted([], [stream]), "team")
        with pytest.raises(AntiphonError, match="there is no channel"):
            next(follower.messages(last=1, after=None))
