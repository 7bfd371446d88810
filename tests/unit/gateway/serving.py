"""An application over a handful of routes, for tests of what it does with requests."""

from __future__ import annotations

import asyncio
import io

import msgspec

from antiphon.accounts.keyring import Keyring
from antiphon.accounts.keys import digest
from antiphon.accounts.limits import Limits
from antiphon.accounts.running import Running
from antiphon.clock import ManualClock
from antiphon.console.visitors import Visitors
from antiphon.course import Course, Step
from antiphon.errors import BadRequest
from antiphon.gateway.app import Application
from antiphon.gateway.cors import CrossOrigin
from antiphon.gateway.load_watch import LoadWatch
from antiphon.gateway.memory import Memory
from antiphon.gateway.overload import OverloadLimits
from antiphon.gateway.table import Route, Table
from antiphon.http.exchange import EVENT_STREAM, JSON, ClientGone, Exchange
from antiphon.ids import seeded
from antiphon.key import Key
from antiphon.observe.following import Following
from antiphon.observe.logs import Log
from antiphon.observe.metrics import Metrics
from tests.unit.http.recording import RecordingWire, exchange_of

SECRET = "sk-very-secret"
ONCE = "sk-once-a-minute"
STORED = "sk-of-the-database"
PAIR = "sk-two-at-once"
ORIGIN = "https://app.example"


class Served:
    """An application over a handful of routes, with what it logs and counts, and what its handlers saw."""

    def __init__(self, *, in_flight_max: int = 10, visitors: Visitors | None = None) -> None:
        self.lines = io.StringIO()
        self.metrics = Metrics()
        self.seen: list[Exchange] = []
        self.courses: list[Course] = []
        self.following = Following(clock=ManualClock(), ids=seeded(2))
        self.following.listen(self.told)
        self.gate = asyncio.Event()
        self.running = Running()
        log = Log(form="json", access=True, stream=self.lines, now=lambda: 0.0)
        self.load = LoadWatch(OverloadLimits(), Memory(), clock=ManualClock(), log=log, metrics=self.metrics)
        table = Table(
            (
                Route("POST", "/chat", self.answer, "Answer.", "chat"),
                Route("POST", "/keys", self.answer, "Answer managers.", "tests", scope="keys"),
                Route("POST", "/streams", self.stream, "Answer in pieces.", "tests"),
                Route("POST", "/events", self.events, "Answer in events.", "tests"),
                Route("GET", "/breaks-late", self.fail_late, "Break in the middle.", "tests", key=False),
                Route("POST", "/waits", self.wait, "Answer later.", "tests"),
                Route("POST", "/generates-not", self.refuse, "Have none work.", "chat", key=False),
                Route("GET", "/open", self.answer, "Answer anybody.", "tests", key=False),
                Route("GET", "/models/{model}", self.answer, "Answer with a name.", "tests"),
                Route("GET", "/refuses", self.refuse, "Refuse.", "tests", key=False),
                Route("GET", "/breaks", self.fail, "Break.", "tests", key=False),
                Route("GET", "/stops", self.stop, "Refuse too late.", "tests", key=False),
                Route("GET", "/gone", self.lose, "Lose the client.", "tests", key=False),
                Route("GET", "/silent", self.say_nothing, "Say nothing.", "tests", key=False),
                Route("GET", "/cancelled", self.cancel, "Be cancelled.", "tests", key=False),
            )
        )
        self.app = Application(
            table,
            Keyring(
                {
                    digest(SECRET): Key("alice"),
                    digest(ONCE): Key("bob", requests_per_minute=1),
                    digest(PAIR): Key("carol", parallel_max=2),
                    digest(STORED): Key("dave", id="key_1"),
                }
            ),
            limits=Limits(),
            running=self.running,
            metrics=self.metrics,
            log=log,
            ids=seeded(1),
            cross_origin=CrossOrigin((ORIGIN,)),
            in_flight_max=in_flight_max,
            load=self.load,
            visitors=visitors,
            following=self.following,
        )

    def told(self, course: Course, step: Step) -> None:
        """Keep the course of a request."""
        if step == "begun":
            self.courses.append(course)

    async def answer(self, exchange: Exchange) -> None:
        """Answer at once."""
        self.seen.append(exchange)
        exchange.respond(200, b"{}")

    async def wait(self, exchange: Exchange) -> None:
        """Answer when the gate opens."""
        await self.gate.wait()
        exchange.respond(200, b"{}")

    async def stream(self, exchange: Exchange) -> None:
        """Begin an answer, and go on when the gate opens."""
        exchange.start(200)
        exchange.write(b"half")
        await self.gate.wait()
        exchange.finish()

    async def events(self, exchange: Exchange) -> None:
        """Begin a stream of events, and go on when the gate opens."""
        exchange.start(200, *EVENT_STREAM)
        exchange.write(b"data: 1\n\n")
        await self.gate.wait()

    async def fail_late(self, exchange: Exchange) -> None:
        """Make a mistake behind blank lines."""
        exchange.start(200, JSON)
        exchange.write(b"\n")
        raise ZeroDivisionError

    async def refuse(self, _exchange: Exchange) -> None:
        """Refuse on purpose."""
        raise BadRequest("n: expected 1 or more.", param="n")

    async def fail(self, _exchange: Exchange) -> None:
        """Make a mistake that nobody foresaw."""
        raise ZeroDivisionError("the inner secret")

    async def stop(self, exchange: Exchange) -> None:
        """Begin an answer, then refuse."""
        exchange.start(200)
        exchange.write(b"half")
        raise BadRequest("too late")

    async def lose(self, exchange: Exchange) -> None:
        """The client closes the connection."""
        exchange.gone = True
        raise ClientGone

    async def say_nothing(self, exchange: Exchange) -> None:
        """Forget to answer."""

    async def cancel(self, exchange: Exchange) -> None:
        """The task is cancelled; the client is gone when it says so."""
        exchange.gone = b"x-gone" in exchange.headers
        raise asyncio.CancelledError

    async def ask(self, method: str, path: str, headers: dict[bytes, bytes] | None = None) -> RecordingWire:
        """Serve one request."""
        exchange, wire = exchange_of(method, path, headers)
        await self.app(exchange)
        assert exchange.responded
        assert wire.ends == 1
        assert self.metrics.in_flight == 0
        return wire

    def logged(self) -> list[dict[str, object]]:
        """The log, line by line."""
        return [msgspec.json.decode(line, type=dict[str, object]) for line in self.lines.getvalue().splitlines()]


def bearer(key: str) -> dict[bytes, bytes]:
    """The header of a key."""
    return {b"authorization": b"Bearer " + key.encode()}
