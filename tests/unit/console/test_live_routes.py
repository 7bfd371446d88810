"""Tests of the stream of requests, from what happens to the bytes out."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from antiphon.clock import ManualClock
from antiphon.console.cookies import NAME
from antiphon.console.live import Live
from antiphon.console.live_routes import EVENT_MAX, LiveRoutes
from antiphon.course import Course, Wanted
from antiphon.db import Database
from antiphon.errors import Unauthenticated
from antiphon.http.exchange import Exchange
from antiphon.key import ADMIN, Key
from tests.unit.http.recording import RecordingWire

from .desk import NAMED, NAMED_TEXT, SAME_ORIGIN, Desk

OWNER, ROOT = Key("alice", account_name="acme"), Key("root", scopes=ADMIN)


@pytest.fixture
def database_kind() -> str:
    """One kind: sessions are tested on all."""
    return "sqlite-again"


class HeardWire(RecordingWire):
    """One that says when something is written."""

    def __init__(self) -> None:
        super().__init__()
        self.written = asyncio.Event()

    def write(self, data: bytes) -> None:
        """Keep it, and say so."""
        super().write(data)
        self.written.set()


class Following:
    """Somebody who follows the requests of a gateway."""

    def __init__(self, database: Database, *, follow_s: float = 600, heartbeat_s: float = 600) -> None:
        self.live = Live(clock=ManualClock(), on_watch=lambda *, on: None)  # noqa: ARG005 - nobody hears of it
        self.desk = Desk(database)
        self.routes = LiveRoutes(
            self.live, self.desk.visitors, clock=ManualClock(), heartbeat_s=heartbeat_s, follow_s=follow_s
        )
        self.wire = HeardWire()

    def begun(self, name: str, account: str = "acme") -> Course:
        """A request of an account."""
        course = Course(name, "/v1/chat/completions", begun_at=1.0, began_at_ms=5.0, tell=self.live.told)
        course.planned(Wanted(f"chatcmpl-{name}", account, "a key", "m", "chat", "openai"))
        return course

    def request(self, key: Key, headers: dict[bytes, bytes] | None = None) -> Exchange:
        """What asks for the stream, unless it wants something else."""
        wanted = {b"accept": b"text/event-stream"} | (headers or {})
        exchange = Exchange(self.wire, "GET", "/v1/console/live", "", wanted)
        exchange.complete, exchange.key = True, key
        return exchange

    @property
    def told(self) -> list[dict[str, Any]]:  # Any: JSON
        """The events so far."""
        lines = self.wire.body.decode().split("\n")
        return [json.loads(line.removeprefix("data: ")) for line in lines if line.startswith("data: ")]

    async def until(self, events: int, words: bytes = b"") -> None:
        """Wait until there are so many events, and these words."""
        while len(self.told) < events or words not in self.wire.body:
            self.wire.written.clear()
            await self.wire.written.wait()


async def test_what_there_is_then_what_changes(database: Database) -> None:
    """The first event takes the place of all before; an account sees its own requests."""
    following = Following(database)
    one = following.begun("one")
    following.begun("of others", "umbrella")
    stream = asyncio.create_task(following.routes.follow(following.request(OWNER)))
    await following.until(1)
    one.attempted("att-1", 0, "node-1", 2.0)
    following.begun("more of others", "umbrella")
    await following.until(2)
    following.live.leave()
    await stream
    first, second = following.told
    assert (first["first"], [seen["request_id"] for seen in first["requests"]]) == (True, ["one"])
    assert second["first"] is False
    (seen,) = second["requests"]
    assert (seen["request_id"], seen["attempts"][0]["node"], seen["attempts"][0]["began_ms"]) == ("one", "node-1", 1000)
    assert following.wire.body.endswith(b"0\r\n\r\n")


async def test_an_operator_sees_all_in_pieces(database: Database) -> None:
    """No event is long, and only the first one says that it is."""
    following = Following(database, follow_s=0)
    for number in range(2 * EVENT_MAX + 1):
        following.begun(f"{number}", f"account {number}")
    await following.routes.follow(following.request(ROOT))
    assert [(told["first"], len(told["requests"])) for told in following.told] == [
        (True, EVENT_MAX), (False, EVENT_MAX), (False, 1),
    ]  # fmt: skip


async def test_nothing_to_see_is_told_at_once(database: Database) -> None:
    """So that a page can say so."""
    following = Following(database, follow_s=0)
    await following.routes.follow(following.request(OWNER))
    assert [told["requests"] for told in following.told] == [[]]


async def test_who_wants_no_events_is_told_once(database: Database) -> None:
    """What there is, as one answer."""
    following = Following(database)
    for number in range(EVENT_MAX + 1):
        following.begun(f"{number}")
    following.begun("of others", "umbrella")
    await following.routes.follow(following.request(OWNER, {b"accept": b"application/json"}))
    told = json.loads(following.wire.body)
    assert (told["first"], len(told["requests"])) == (True, EVENT_MAX + 1)


async def test_a_session_that_ends_ends_the_stream(database: Database) -> None:
    """The next thing that happens is not told any more."""
    following = Following(database)
    token = (await following.desk.sessions.begin(NAMED, NAMED_TEXT)).token
    headers = {**SAME_ORIGIN, b"cookie": f"{NAME}={token}".encode()}
    stream = asyncio.create_task(following.routes.follow(following.request(NAMED, headers)))
    await following.until(1)
    await following.desk.sessions.end(token)
    following.begun("one")
    with pytest.raises(Unauthenticated):
        await stream
    assert len(following.told) == 1


async def test_silence_is_broken(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """By heartbeats, which are no events."""
    monkeypatch.setattr("antiphon.console.live_routes.RIGHT_S", 0.001)
    following = Following(database, heartbeat_s=0.002, follow_s=60)
    stream = asyncio.create_task(following.routes.follow(following.request(OWNER)))
    await following.until(1, b": heartbeat")
    following.live.leave()
    await stream
    assert len(following.told) == 1
