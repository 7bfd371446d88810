"""A handler behind keys: it runs once for each, whoever comes, leaves or fails meanwhile."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator, Callable

import pytest
import pytest_asyncio

from antiphon.accounts.keyring import Keyring
from antiphon.accounts.keys import digest
from antiphon.accounts.limits import Limits
from antiphon.accounts.running import Running
from antiphon.errors import AnswerNotKept, EngineFailed, KeyReused, Unavailable
from antiphon.gateway.app import Application
from antiphon.gateway.table import Route, Table
from antiphon.http.exchange import ClientGone, Exchange
from antiphon.idempotency.answer import BEHIND_BYTES_MAX
from antiphon.idempotency.once import Once
from antiphon.ids import seeded
from antiphon.key import Key
from antiphon.observe.logs import Log
from antiphon.observe.metrics import Metrics
from tests.unit.http.recording import RecordingWire
from tests.unit.idempotency.asking import BODY, Runs, request, unchunked

SECRET = "sk-once"
BIG = 1 << 24


class Made:
    """A handler that answers when it is told to, and counts how often it began."""

    def __init__(self, runs: Runs, *, answer_bytes_max: int = BIG, memory_bytes_max: int = BIG) -> None:
        self.once = Once(
            runs.claims(), answer_bytes_max=answer_bytes_max, memory_bytes_max=memory_bytes_max, drain_s=0.0
        )
        self.handle = self.once.wrap(self._handle)
        self.begun = 0
        self.cancelled = 0
        self.concluded: list[bool] = []
        self.started = asyncio.Event()
        self.go_on = asyncio.Event()
        self.answers: Callable[[Exchange], None] = lambda exchange: exchange.respond(200, b'{"n":%d}' % self.begun)

    async def _handle(self, exchange: Exchange) -> None:
        self.begun += 1
        exchange.conclude(self.concluded.append)
        self.started.set()
        try:
            await self.go_on.wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        assert await exchange.body() == BODY
        self.answers(exchange)

    def ask(self, name: bytes | None = b"k1") -> tuple[asyncio.Task[None], Exchange, RecordingWire]:
        """A request that is served from now on."""
        exchange, wire = request(name)

        async def serve() -> None:
            await self.handle(exchange)

        exchange.task = asyncio.get_running_loop().create_task(serve())
        return exchange.task, exchange, wire

    async def begin(self, name: bytes = b"k1") -> tuple[asyncio.Task[None], Exchange, RecordingWire]:
        """A request whose handler has begun."""
        self.started.clear()
        asked = self.ask(name)
        await self.started.wait()
        return asked


@pytest_asyncio.fixture
async def made(runs: Runs) -> AsyncIterator[Made]:
    """A handler that ends with the test."""
    made = Made(runs)
    yield made
    await made.once.close()


async def test_without_a_key_nothing_is_different(made: Made) -> None:
    """The handler gets the request itself, each time."""
    made.go_on.set()
    for number in (1, 2):
        task, _, wire = made.ask(None)
        await task
        assert wire.body == b'{"n":%d}' % number
    assert made.once._answers == {}


async def test_it_is_answered_once(made: Made) -> None:
    """While it is under way, and afterwards."""
    first = await made.begin()
    others = [made.ask() for _ in range(9)]
    await asyncio.sleep(0)
    made.go_on.set()
    await asyncio.gather(*(task for task, _, _ in (first, *others)))
    late, _, wire = made.ask()
    await late
    assert made.begun == 1
    assert {each.body for _, _, each in (first, *others)} | {wire.body} == {b'{"n":1}'}
    assert "idempotent-replayed" not in first[2].headers
    assert {each.headers["idempotent-replayed"] for _, _, each in others} == {"true"}
    assert wire.headers["idempotent-replayed"] == "true"
    assert made.once._answers == {}


async def test_whether_it_stands(made: Made) -> None:
    """A kept answer does; one that failed or was broken off does not."""
    made.go_on.set()
    await made.ask(b"good")[0]

    def fail(_exchange: Exchange) -> None:
        raise EngineFailed

    made.answers = fail
    with pytest.raises(EngineFailed):
        await made.ask(b"bad")[0]
    made.go_on.clear()
    task, _, _ = await made.begin(b"broken")
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await asyncio.sleep(0)
    assert made.concluded == [True, False, False]


async def test_it_goes_on_when_its_client_leaves(made: Made) -> None:
    """The request keeps its place until then, and the answer is there for whoever comes."""
    task, exchange, _ = await made.begin()
    exchange.gone = True
    task.cancel()
    back, _, wire = made.ask()
    await asyncio.sleep(0)
    assert not task.done()
    made.go_on.set()
    await back
    with pytest.raises(ClientGone):
        await task
    assert (wire.body, made.begun, made.cancelled) == (b'{"n":1}', 1, 0)


@pytest.mark.parametrize("gone", [False, True])
async def test_it_ends_with_its_key(made: Made, gone: bool) -> None:
    """Whoever ends the request ends the handler, also when the client has left; who waits is told to come again."""
    task, exchange, _ = await made.begin()
    waiting, _, _ = made.ask()
    if gone:
        exchange.gone = True
        task.cancel()
        await asyncio.sleep(0)
        await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    with pytest.raises(Unavailable):
        await waiting
    assert made.cancelled == 1
    made.go_on.set()
    again, _, wire = made.ask()
    await again
    assert wire.body == b'{"n":2}'


async def test_another_request_is_refused_at_once(made: Made) -> None:
    """It waits for nothing."""
    task, _, _ = await made.begin()
    exchange, _ = request(body=b"else")
    with pytest.raises(KeyReused):
        await made.handle(exchange)
    made.go_on.set()
    await task


async def test_a_mistaken_request_is_in_nobodys_way(made: Made) -> None:
    """Another request under the key, broken off while it is looked up, ends nothing that is under way."""
    task, _, wire = await made.begin()
    exchange, _ = request(body=b"else")

    async def mistake() -> None:
        await made.handle(exchange)

    mistaken = asyncio.get_running_loop().create_task(mistake())
    await asyncio.sleep(0)
    mistaken.cancel()
    with pytest.raises(asyncio.CancelledError):
        await mistaken
    await asyncio.wait(made.once._tasks, return_when=asyncio.FIRST_COMPLETED)
    made.go_on.set()
    await task
    late, _, again = made.ask()
    await late
    assert (wire.body, again.body, made.begun) == (b'{"n":1}', b'{"n":1}', 1)


def refuse(_exchange: Exchange) -> None:
    """Answer with an error of its own."""
    raise EngineFailed


def fail(exchange: Exchange) -> None:
    """Begin well and end with an error."""
    exchange.start(200)
    exchange.write(b"half")
    exchange.fail(b"error")


async def test_failures_are_not_kept(made: Made) -> None:
    """All who waited are told, and the next one begins anew."""
    made.answers = refuse
    asked = [(await made.begin())[0], made.ask()[0]]
    made.go_on.set()
    assert [type(one) for one in await asyncio.gather(*asked, return_exceptions=True)] == [EngineFailed] * 2
    made.answers = fail
    task, _, wire = made.ask()
    await task
    assert wire.status == 200
    assert unchunked(wire) == b"halferror"
    task, _, wire = made.ask()
    await task
    assert made.begun == 3


async def test_a_stream_that_is_kept(made: Made) -> None:
    """It is the same to the byte, in one piece."""

    def stream(exchange: Exchange) -> None:
        exchange.start(200, (b"content-type", b"text/event-stream"))
        for number in range(100):
            assert exchange.write(b"data: %d\n\n" % number)
        exchange.finish(b"data: [DONE]\n\n")

    made.answers = stream
    made.go_on.set()
    (one, _, first), (two, _, second) = made.ask(), made.ask()
    await one
    await two
    three, _, third = made.ask()
    await three
    assert unchunked(first) == unchunked(second) == third.body
    assert third.headers["content-type"] == "text/event-stream"
    assert third.headers["content-length"] == str(len(third.body))


async def test_one_that_is_too_large(runs: Runs) -> None:
    """Who waits gets it, nobody else does, and it is not made again."""
    made = Made(runs, answer_bytes_max=10)

    def stream(exchange: Exchange) -> None:
        exchange.start(200)
        exchange.write(b"x" * 20)
        exchange.finish(b"y")

    made.answers = stream
    task, _, wire = await made.begin()
    waiting, _, other = made.ask()
    await asyncio.sleep(0)
    made.go_on.set()
    await task
    await waiting
    assert unchunked(wire) == unchunked(other) == b"x" * 20 + b"y"
    late, _, _ = made.ask()
    with pytest.raises(AnswerNotKept) as caught:
        await late
    assert (caught.value.status, caught.value.retryable, made.begun) == (409, False, 1)
    await made.once.close()


async def test_a_plain_one_that_is_too_large(runs: Runs) -> None:
    """It is given once."""
    made = Made(runs, answer_bytes_max=5)
    made.go_on.set()
    task, _, wire = made.ask()
    await task
    assert (wire.status, wire.body) == (200, b'{"n":1}')
    with pytest.raises(AnswerNotKept):
        await made.ask()[0]
    await made.once.close()


async def test_nobody_reads_one_that_is_too_large(runs: Runs) -> None:
    """Then it is ended, and remembered."""
    once = Once(runs.claims(), answer_bytes_max=10, memory_bytes_max=BIG, drain_s=0.0)
    ended, begun = asyncio.Event(), asyncio.Event()

    async def endless(exchange: Exchange) -> None:
        exchange.start(200)
        begun.set()
        try:
            while True:
                if not exchange.write(b"x" * BEHIND_BYTES_MAX):
                    await exchange.drain()
                await asyncio.sleep(0)
        finally:
            ended.set()

    handle = once.wrap(endless)
    exchange, wire = request()
    wire.congested = True
    blocked = asyncio.Event()
    wire.drain = blocked.wait  # type: ignore[method-assign,assignment]  # the client reads nothing

    async def serve() -> None:
        await handle(exchange)

    task = asyncio.get_running_loop().create_task(serve())
    await begun.wait()
    await asyncio.sleep(0)
    exchange.gone = True
    task.cancel()
    with pytest.raises(ClientGone):
        await task
    assert ended.is_set()
    with pytest.raises(AnswerNotKept):
        await handle(request()[0])
    await once.close()


async def test_a_gateway_that_ends(made: Made) -> None:
    """What does not come to its end in time is broken off, and nothing new begins."""
    task, _, _ = await made.begin()
    await made.once.close()
    with pytest.raises(Unavailable):
        await task
    assert made.cancelled == 1
    with pytest.raises(Unavailable):
        await made.handle(request()[0])


async def test_a_gateway_that_ends_waits(runs: Runs) -> None:
    """For what nobody else waits for."""
    made = Made(runs)
    made.once._drain_s = 30.0
    task, exchange, _ = await made.begin()
    exchange.gone = True
    task.cancel()
    closing = asyncio.create_task(made.once.close())
    await asyncio.sleep(0)
    made.go_on.set()
    await closing
    assert made.cancelled == 0
    other = Made(runs)
    again, _, wire = other.ask()
    await again
    assert (wire.body, other.begun) == (b'{"n":1}', 0)
    await other.once.close()


async def test_a_fault_is_told_where_faults_are_told(runs: Runs) -> None:
    """The one who made it sees an error of ours, which is logged once with its cause; the others may come again."""
    made, lines = Made(runs), io.StringIO()

    def fault(_exchange: Exchange) -> None:
        raise ZeroDivisionError

    made.answers = fault
    app = Application(
        Table((Route("POST", "/v1/chat/completions", made.handle, "Answer.", "tests"),)),
        Keyring({digest(SECRET): Key("master")}),
        limits=Limits(),
        running=Running(),
        metrics=Metrics(),
        log=Log(form="json", stream=lines, now=lambda: 0.0),
        ids=seeded(1),
    )
    asked = [request(headers={b"authorization": b"Bearer " + SECRET.encode()}) for _ in range(2)]
    serving = [asyncio.get_running_loop().create_task(app(exchange)) for exchange, _ in asked]
    await made.started.wait()
    made.go_on.set()
    await asyncio.gather(*serving)
    assert [wire.status for _, wire in asked] == [500, 503]
    assert lines.getvalue().count("ZeroDivisionError") >= 1
    await made.once.close()
