"""The node's end of the link: slots, drains, what is late or twice, and gateways that go."""

from __future__ import annotations

import asyncio

import pytest
from msgspec.structs import replace

from antiphon.chat import Choice, Delta
from antiphon.errors import EngineFailed, Saturated, Unavailable
from antiphon.link import bodies, frames, subjects
from antiphon.link.connection import Connection
from antiphon.link.credentials import Authority
from antiphon.link.gateway_link import GatewayLink
from antiphon.link.limits import LinkLimits

from .lab import CLOCK, JOB, KEYS, Lab, Node, lab, rest, soon

QUICK = LinkLimits(pulse_s=0.05, silent_s=0.4, reattach_s=0.4, wait_broker_s=0.5)


def opening(*, age_s: float = 0.0, remaining_s: float = 60.0, protocol: int = frames.PROTOCOL) -> bytes:
    """What opens a stream, as if it had been sent some time ago."""
    return frames.encode(
        frames.Open(
            "stream",
            remaining_s,
            CLOCK.now() - age_s + remaining_s,
            CLOCK.monotonic() - age_s,
            64,
            protocol,
            bodies.encode(JOB),
        )
    )


class Answers:
    """What a node answers to messages that a test sends by hand, as a gateway."""

    def __init__(self, connection: Connection) -> None:
        self.frames: asyncio.Queue[frames.ToGateway] = asyncio.Queue()
        self._connection = connection
        connection.subscribe(subjects.answers_to("gw9"), self._arrived)

    def _arrived(self, subject: bytes, data: bytes | None) -> None:
        if data is not None and not subject.endswith(b".pulse"):
            self.frames.put_nowait(frames.read_answer(data))

    def send(self, attempt: str, payload: bytes) -> None:
        """Say something to the node about an attempt."""
        assert self._connection.send(subjects.request("n1", "gw9", attempt), payload)

    def pulse(self) -> None:
        """Let the node know the time."""
        self.send(subjects.PULSE, frames.encode(frames.Pulse(1, CLOCK.monotonic(), {"a": 64})))

    async def next(self) -> frames.ToGateway:
        """The next answer."""
        return await asyncio.wait_for(self.frames.get(), 5)


async def by_hand(linked: Lab) -> Answers:
    """A gateway whose messages are the test's own."""
    connection = await linked.connect(Authority(KEYS, CLOCK).gateway_credentials("gw9"), "gw9")
    answers = Answers(connection)
    connection.start()
    assert await connection.wait_connected(5)
    return answers


async def met(linked: Lab, node: Node, link: GatewayLink) -> None:
    """Let the node know the gateway's clock, as any message does."""
    assert await linked.engine(link).count_prompt_tokens(JOB) == 5
    assert node.responder.in_flight == 0


async def test_no_more_than_its_slots(linked: Lab) -> None:
    """One more is refused at once, which is no failure; a finished one makes room before its end is told."""
    link, node = await linked.gateway(), await linked.node(slots=1)
    engine = linked.engine(link)
    first = await engine.open(JOB)
    played = await node.engine.stream()
    assert node.responder.in_flight == 1
    second = await engine.open(JOB)
    with pytest.raises(Saturated):
        await second.next(soon())
    with pytest.raises(Saturated):
        await engine.complete(JOB)
    assert await engine.count_prompt_tokens(JOB) == 5  # generates nothing
    played.feed("done", finish=True)
    assert await rest(first) == "done"
    third = await engine.open(JOB)
    (await node.engine.stream(1)).feed("next", finish=True)
    assert await rest(third) == "next"
    for stream in (first, second, third):
        stream.close()


async def test_a_drain_finishes_what_is_under_way(linked: Lab) -> None:
    """What comes meanwhile is refused, so that it goes elsewhere; nothing is lost."""
    link, node = await linked.gateway(), await linked.node()
    engine = linked.engine(link)
    stream = await engine.open(JOB)
    played = await node.engine.stream()
    assert not await node.responder.drain(0.01)
    late = await engine.open(JOB)
    with pytest.raises(Saturated):
        await late.next(soon())
    draining = asyncio.ensure_future(node.responder.drain(10))
    played.feed("all", " of it", finish=True)
    assert await draining
    await node.connection.close()
    assert await rest(stream) == "all of it"
    stream.close()
    late.close()


async def test_a_job_of_which_nobody_waits_is_not_begun(linked: Lab) -> None:
    """Delayed for longer than anybody waits, by the gateway's clock or by the wall's, it is refused."""
    node, answers = await linked.node(), await by_hand(linked)
    answers.pulse()
    for name, message in (
        ("a", opening(age_s=61)),
        ("b", opening(age_s=30)),  # nobody is so patient as not to have gone elsewhere
        ("c", opening(protocol=frames.PROTOCOL + 1)),
    ):
        answers.send(name, message)
        told = await answers.next()
        assert isinstance(told, frames.Failed)
        assert told.kind == ("unavailable" if name == "c" else "late")
    assert node.engine.jobs == []


async def test_the_first_message_is_dated_by_the_wall_clock(linked: Lab) -> None:
    """But nothing is older than the node's own connection, whatever the clocks say."""
    node, answers = await linked.node(), await by_hand(linked)
    answers.send("a", opening(age_s=3_600))
    await node.engine.stream()
    assert len(node.engine.jobs) == 1
    assert answers.frames.empty()


async def test_an_attempt_is_begun_once(linked: Lab) -> None:
    """However often it is opened, also when it is over."""
    link, node = await linked.gateway(), await linked.node()
    answers = await by_hand(linked)
    message = opening()
    answers.send("a", message)
    answers.send("a", message)
    (await node.engine.stream()).feed("", finish=True)
    while not isinstance(await answers.next(), frames.End):
        pass
    answers.send("a", message)
    await met(linked, node, link)
    assert len(node.engine.streams) == 1


async def test_time_that_is_up_ends_it(linked: Lab) -> None:
    """The engine stops, whoever may still be waiting."""
    node, answers = await linked.node(), await by_hand(linked)
    answers.send("a", opening(remaining_s=0.1))
    played = await node.engine.stream()
    told = await answers.next()
    assert isinstance(told, frames.Failed)
    assert told.kind == "deadline"
    assert played.closed.is_set()


async def test_what_a_gateway_has_forgotten_stops(linked: Lab) -> None:
    """A word to stop may be lost; a pulse that does not name the attempt stops it too."""
    async with lab(linked.url, QUICK) as ends:
        link = await ends.gateway()
        node = await ends.node(shim=lambda _, data: [] if data is not None and b"cancel" in data else [data])
        engine = ends.engine(link)
        kept, lost = await engine.open(JOB), await engine.open(JOB)
        first, second = await node.engine.stream(0), await node.engine.stream(1)
        lost.close()
        await asyncio.wait_for(second.closed.wait(), 5)
        assert not first.closed.is_set()
        kept.close()


async def test_a_gateway_that_is_gone_stops_its_jobs(linked: Lab) -> None:
    """Nobody reads them; those of another gateway go on."""
    async with lab(linked.url, QUICK) as ends:
        gone, there, node = await ends.gateway("gw1"), await ends.gateway("gw2"), await ends.node()
        await ends.engine(gone).open(JOB)
        first = await node.engine.stream(0)
        stream = await ends.engine(there).open(JOB)
        second = await node.engine.stream(1)
        await gone.connection.close()
        await asyncio.wait_for(first.closed.wait(), 5)
        second.feed("still here", finish=True)
        assert await rest(stream) == "still here"
        stream.close()


async def test_a_bug_in_an_engine_is_a_failure(linked: Lab, caplog: pytest.LogCaptureFixture) -> None:
    """Its reader is told at once, and the node serves on."""
    link, node = await linked.gateway(), await linked.node()
    engine = linked.engine(link)
    node.engine.refuses = KeyError("a bug")
    stream = await engine.open(JOB)
    with pytest.raises(EngineFailed):
        await stream.next(soon())
    stream.close()
    node.engine.refuses = None
    assert await engine.complete(JOB)


async def test_what_cannot_be_sent_is_a_failure(linked: Lab) -> None:
    """Half a character, a text that is larger than any message, a model that is not there."""
    link, node = await linked.gateway(), await linked.node()
    engine = linked.engine(link)
    for text in ("\ud83d", "x" * 900_000):
        stream = await engine.open(JOB)
        (await node.engine.stream(len(node.engine.streams) if node.engine.streams else 0)).feed(text)
        with pytest.raises(EngineFailed):
            await stream.next(soon())
        stream.close()
    with pytest.raises(Unavailable):
        await engine.complete(replace(JOB, model="other"))


async def test_nonsense_is_left_alone(linked: Lab) -> None:
    """Whatever comes on a node's subjects, it serves on."""
    link, node = await linked.gateway(), await linked.node()
    for payload in (b"", b"\xc1", frames.encode({"type": "migrate"}), frames.encode(frames.Credit(5))):
        for attempt in ("a", subjects.PULSE):
            link.send(subjects.request("n1", "gw1", attempt), payload)
    link.send(b"req.n1.short", frames.encode(frames.Cancel()))
    await met(linked, node, link)


async def test_deltas_that_come_together_go_together(linked: Lab) -> None:
    """A hundred tokens at once are two messages; what is more than text goes whole."""
    node, answers = await linked.node(), await by_hand(linked)
    answers.send("a", opening())
    played = await node.engine.stream()
    played.feed(*[str(number) for number in range(100)])
    first, second = await answers.next(), await answers.next()
    assert isinstance(first, frames.Deltas)
    assert isinstance(second, frames.Deltas)
    assert [*first.texts, *second.texts] == [str(number) for number in range(100)]
    played.feed_deltas([Delta(content="a"), Delta(reasoning="b")])
    third = await answers.next()
    assert third == frames.Deltas(3, deltas=[Delta(content="a"), Delta(reasoning="b")])


async def test_a_body_with_a_piece_missing_is_opened_anew(linked: Lab) -> None:
    """What came of it is thrown away, and the pulse says that the job is not known."""
    async with lab(linked.url, QUICK) as ends:
        lost = iter([True])
        link = await ends.gateway()
        node = await ends.node(
            shim=lambda _, data: [] if data is not None and b"piece" in data[:20] and next(lost, False) else [data]
        )
        node.engine.choice = Choice(content="seen")
        large = replace(JOB, grammar="x" * 1_000_000)
        assert (await ends.engine(link).complete(large))[0] == Choice(content="seen")
        assert node.engine.jobs == [large]
