"""The routes of messages, from the bytes in to the bytes out."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from antiphon.channels.parts import Channels
from antiphon.channels.routes import MessageRoutes
from antiphon.errors import BadRequest, KeyReused, NotFound, PermissionDenied
from antiphon.http.exchange import Exchange
from antiphon.key import Key
from antiphon.testing.raw_client import events_of
from tests.unit.channels.posted import ANN, BOB, ROOT, WALLET, post
from tests.unit.http.recording import RecordingWire, exchange_of

PATIENCE_S = 30.0


@pytest.fixture
def database_kind() -> str:
    """One kind: the store is tested on all."""
    return "sqlite-again"


class Asking:
    """Asks the routes, and counts what they say was posted."""

    def __init__(self, channels: Channels, *, exact: bool = False) -> None:
        self.posted = 0
        self.routes = MessageRoutes(
            channels, on_posted=self._count, heartbeat_s=PATIENCE_S, follow_s=PATIENCE_S, exact=exact
        )

    def _count(self) -> None:
        self.posted += 1

    async def post(self, key: Key = ANN, *, once: bytes | None = None, **body: object) -> RecordingWire:
        """A message."""
        exchange, wire = exchange_of("POST", "/v1/channel", {} if once is None else {b"idempotency-key": once})
        exchange.key = key
        exchange.add(json.dumps({"channel": "general", "content": "Hello"} | body).encode(), 1_000_000)
        await self.routes.post(exchange)
        return wire

    async def read(self, query: str, *, wire_header: bytes | None = None) -> RecordingWire:
        """A part of a channel."""
        headers = {} if wire_header is None else {b"x-wire": wire_header}
        exchange, wire = exchange_of("GET", "/v1/channel", headers)
        exchange.key, exchange.query = ANN, query
        await self.routes.read(exchange)
        return wire


class Shown(RecordingWire):
    """A reader's stream, that can be waited for."""

    def __init__(self, query: str, key: Key = ANN) -> None:
        super().__init__()
        self._changed = asyncio.Event()
        self.exchange = Exchange(self, "GET", "/v1/channel", query, {})
        self.exchange.key, self.exchange.complete = key, True

    def write(self, data: bytes) -> None:
        """Keep it, and tell who waits."""
        super().write(data)
        self._changed.set()

    async def holds(self, needle: bytes) -> None:
        """Return when it was sent."""
        async with asyncio.timeout(PATIENCE_S):
            while needle not in self.sent:
                self._changed.clear()
                await self._changed.wait()


def _unchunked(body: bytes) -> bytes:
    """A body without the framing of its pieces."""
    whole = b""
    while body:
        size, _, rest = body.partition(b"\r\n")
        whole, body = whole + rest[: int(size, 16)], rest[int(size, 16) + 2 :]
    return whole


def told(wire: RecordingWire) -> Any:  # Any: JSON
    """The JSON of an answer."""
    return json.loads(wire.body)


async def test_a_message_as_dria_documents_it(channels: Channels) -> None:
    """Posted and read, with these fields and no others; a wallet is shown by its ends."""
    asking = Asking(channels)
    wire = await asking.post(Key("k", account_name=WALLET), avatar="https://example.org/a.png")
    assert wire.status == 200
    assert told(wire) == {
        "id": told(wire)["id"],
        "channel": "general",
        "author": WALLET,
        "authorName": "0x19E7…ff2A",
        "authorType": "api",
        "content": "Hello",
        "createdAt": "2023-11-14T22:13:20.000Z",
    }
    assert told(await asking.post(name="ann_1"))["authorName"] == "ann_1"
    read = told(await asking.read("channel=general&limit=1"))
    assert [message["authorName"] for message in read["messages"]] == ["ann_1"]
    assert (read["hasMore"], read["next"]) == (True, read["messages"][0]["id"])
    assert asking.posted == 2


async def test_what_dria_documents_and_no_more(channels: Channels) -> None:
    """By the setting, or as the request says."""
    for asking, header in ((Asking(channels, exact=True), None), (Asking(channels), b"exact")):
        assert told(await asking.read("channel=general", wire_header=header)) == {"messages": []}
    assert "next" in told(await Asking(channels, exact=True).read("channel=general", wire_header=b"full"))


async def test_a_bridge_names_the_author(channels: Channels) -> None:
    """Where its key may."""
    asking = Asking(channels)
    bridged: dict[str, Any] = {"author": "80351110224678912", "authorType": "discord", "name": "ann"}
    posted = told(await asking.post(ROOT, **bridged))
    assert (posted["author"], posted["authorName"], posted["authorType"]) == ("80351110224678912", "ann", "discord")
    with pytest.raises(PermissionDenied):
        await asking.post(ANN, **bridged)
    with pytest.raises(BadRequest, match="`discord` only"):
        await asking.post(ROOT, author="ann")


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"content": ""}, "content"),
        ({"content": "x" * 1025}, "content"),
        ({"content": 1}, "content"),
        ({"name": "Ann"}, "name"),
        ({"avatar": "http://example.org/a.png"}, "avatar"),
        ({"channel": "none"}, "channel"),
        ({"authorType": "irc"}, "authorType"),
        ({"extra": 1}, "extra"),
    ],
)
async def test_wrong_fields_are_named(channels: Channels, body: dict[str, Any], param: str) -> None:
    """By the refusal, and nothing is posted."""
    asking = Asking(channels)
    with pytest.raises(BadRequest) as refused:
        await asking.post(**body)
    assert refused.value.param == param
    assert (asking.posted, told(await asking.read("channel=general"))["messages"]) == (0, [])


async def test_a_post_that_comes_again(channels: Channels) -> None:
    """Is answered with the same bytes, and told so; with another body it is refused."""
    asking = Asking(channels)
    first, again = await asking.post(once=b"k"), await asking.post(once=b"k")
    assert first.body == again.body
    assert "idempotent-replayed" not in first.headers
    assert again.headers["idempotent-replayed"] == "true"
    assert asking.posted == 1
    with pytest.raises(KeyReused):
        await asking.post(once=b"k", content="another")
    assert told(await asking.post(BOB, once=b"k"))["author"] == "bob"


async def test_a_stream_begins_like_a_page(channels: Channels) -> None:
    """Then shows what comes, each event under the message's id, until the gateway ends."""
    routes = Asking(channels).routes
    before = await post(channels, "before")
    plain, gone_on = Shown("channel=general&follow=true"), Shown("channel=general&follow=true&after=2020-01-01")
    gone_on.exchange.headers = {b"last-event-id": before.id.encode()}
    reading = [asyncio.create_task(routes.read(one.exchange)) for one in (plain, gone_on)]
    await plain.holds(b"before")
    await post(channels, "after")
    for one in (plain, gone_on):
        await one.holds(b"after")
    channels.leave()
    await asyncio.gather(*reading)
    assert plain.headers["content-type"].startswith("text/event-stream")
    body = _unchunked(plain.body)
    assert body.startswith(b"retry: 1000\n\nid: " + before.id.encode() + b"\ndata: {")
    assert [json.loads(data)["content"] for data in events_of(body)] == ["before", "after"]
    assert [json.loads(data)["content"] for data in events_of(_unchunked(gone_on.body))] == ["after"]


async def test_messages_are_deleted(channels: Channels) -> None:
    """With an empty answer; a second time there is none."""
    routes, message = Asking(channels).routes, await post(channels, "oh")
    for number in range(2):
        exchange, wire = exchange_of("DELETE", "/v1/channel/x")
        exchange.key, exchange.parameter = ANN, message.id
        if number:
            with pytest.raises(NotFound):
                await routes.delete(exchange)
        else:
            await routes.delete(exchange)
            assert (wire.status, wire.body) == (204, b"")
