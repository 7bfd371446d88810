"""A node as an engine, over a real broker: streams, whole answers, refusals, sizes, and readers that leave."""

from __future__ import annotations

import asyncio

import pytest
from msgspec.structs import replace

from antiphon.chat import Choice, Delta, Image, Message, Text, ToolCallDelta
from antiphon.engines import ModelFacts
from antiphon.engines.receipt import AnswerDigest, answer_sha256, prompt_sha256
from antiphon.errors import AntiphonError, BadRequest, EngineFailed, EngineLost, Saturated, Unavailable
from antiphon.ids import Ids
from antiphon.link.frames import Open, Sealed, read_answer, read_request
from antiphon.link.limits import LinkLimits
from antiphon.link.seal import KEY_BYTES, RUN_BYTES, SealKeys

from .lab import JOB, USAGE, Lab, lab, rest, soon


async def test_a_stream_comes_as_it_was_sent(linked: Lab) -> None:
    """Text in its order, the finish reason, the usage; what arrived together stays together."""
    link, node = await linked.gateway(), await linked.node()
    stream = await linked.engine(link).open(JOB)
    played = await node.engine.stream()
    played.feed("Hel", "lo")
    assert await stream.next(soon()) == [Delta(content="Hel"), Delta(content="lo")]
    assert stream.usage is None
    played.feed(" you", finish=True)
    assert await stream.next(soon()) == [Delta(content=" you"), Delta(finish_reason="stop")]
    assert await stream.next(soon()) == []
    assert stream.usage == USAGE
    stream.close()
    assert node.engine.jobs == [JOB]


async def test_deltas_are_handed_on_while_somebody_waits(linked: Lab) -> None:
    """As long as they are taken, no task is woken; then `next` gives None, and the rest is kept."""
    link, node = await linked.gateway(), await linked.node()
    stream = await linked.engine(link).open(JOB)
    taken: list[str] = []
    enough = asyncio.Event()

    def take(deltas: list[Delta]) -> bool:
        taken.extend(delta.content for delta in deltas)
        if len(taken) == 2:
            enough.set()
        return len(taken) < 3

    waiting = asyncio.ensure_future(stream.next(soon(), take))
    played = await node.engine.stream()
    played.feed("a")
    played.feed("b")
    await enough.wait()
    assert not waiting.done()
    played.feed("c")
    assert await waiting is None
    played.feed("d", finish=True)
    assert await rest(stream) == "d"
    assert taken == ["a", "b", "c"]
    stream.close()


async def test_what_a_reader_raises_is_the_readers(linked: Lab) -> None:
    """An error in `take` is raised where `next` waits, and the link goes on."""
    link, node = await linked.gateway(), await linked.node()
    engine = linked.engine(link)
    stream = await engine.open(JOB)

    def take(_: list[Delta]) -> bool:
        raise KeyError("a bug")

    waiting = asyncio.ensure_future(stream.next(soon(), take))
    (await node.engine.stream()).feed("a")
    with pytest.raises(KeyError):
        await waiting
    stream.close()
    assert await engine.count_prompt_tokens(JOB) == 5


async def test_patience_ends(linked: Lab) -> None:
    """None once the time is up, as often as it is asked."""
    link = await linked.gateway()
    await linked.node()
    stream = await linked.engine(link).open(JOB)
    loop = asyncio.get_running_loop()
    until = loop.time() + 0.05
    while loop.time() < until:
        assert await stream.next(until) is None
    stream.close()


async def test_deltas_of_every_kind_arrive_whole(linked: Lab) -> None:
    """Thoughts, tool calls and what is not only text come as they are."""
    link, node = await linked.gateway(), await linked.node()
    stream = await linked.engine(link).open(JOB)
    deltas = [
        Delta(reasoning="hm"),
        Delta(tool_calls=(ToolCallDelta(0, "call_1", "f", '{"a'), ToolCallDelta(0, arguments='":1}'))),
        Delta(content="é😀\x00", finish_reason="tool_calls"),
        Delta(content="after the end"),
    ]
    (await node.engine.stream()).feed_deltas(deltas)
    assert await stream.next(soon()) == deltas[:3]
    stream.close()


async def test_a_node_is_not_told_who_asks(linked: Lab) -> None:
    """No user, no note on a turn, no id of an earlier answer leaves the gateway; all else does."""
    link, node = await linked.gateway(), await linked.node()
    parts = (Text("what is this"), Image("data:image/png;base64,AAAA"))
    turns = (Message("user", parts, completion_id="cmpl-1", metadata={"a": 1}), Message("assistant", "It is"))
    job = replace(JOB, messages=turns, user="alice", attempt="att_7", deadline_s=30.0, grammar="root ::= [a-z]")
    stream = await linked.engine(link).open(job)
    await node.engine.stream()
    assert node.engine.jobs == [replace(job, user=None, messages=(Message("user", parts), turns[1]))]
    stream.close()


async def test_a_closed_stream_stops_the_engine(linked: Lab) -> None:
    """The node hears of it at once, and what it sent meanwhile is nobody's."""
    link, node = await linked.gateway(), await linked.node()
    stream = await linked.engine(link).open(JOB)
    played = await node.engine.stream()
    played.feed("a")
    assert await stream.next(soon()) is not None
    began = asyncio.get_running_loop().time()
    stream.close()
    await asyncio.wait_for(played.closed.wait(), 5)
    assert asyncio.get_running_loop().time() - began < 0.5
    assert node.responder.in_flight == 0


async def test_a_whole_answer(linked: Lab) -> None:
    """One choice in one piece, and what it took."""
    link = await linked.gateway()
    node = await linked.node()
    assert await linked.engine(link).complete(JOB) == (Choice(content="whole"), USAGE)
    node.engine.choice = Choice(content="x" * 3_000_000, finish_reason="length")  # in more pieces than the window has
    assert await linked.engine(link).complete(JOB) == (node.engine.choice, USAGE)


async def test_a_cancelled_reader_stops_a_whole_answer(linked: Lab) -> None:
    """Nobody waits, so the engine is not to go on."""
    link, node = await linked.gateway(), await linked.node()
    node.engine.choice = None
    asking = asyncio.ensure_future(linked.engine(link).complete(JOB))
    await node.engine.asked.wait()
    asking.cancel()
    await asyncio.wait_for(node.engine.cancelled.wait(), 5)


async def test_what_does_not_generate(linked: Lab) -> None:
    """The models on offer, the length of a prompt, the vectors of texts."""
    link, node = await linked.gateway(), await linked.node()
    engine = linked.engine(link)
    assert await engine.models() == [ModelFacts("m", 4096, vocabulary_size=10)]
    assert await engine.count_prompt_tokens(JOB) == 5
    vectors, usage = await engine.embed("m", ("a", (1, 2, 3)))
    assert vectors == (b"\x00\x00\x80?",) * 2
    assert usage.prompt_tokens == 2
    node.engine.vectors = (b"1234",)
    with pytest.raises(EngineFailed, match="one vector for each"):
        await engine.embed("m", ("a", "b"))


async def test_a_job_of_many_megabytes_goes_in_pieces(linked: Lab) -> None:
    """Images are larger than a message may be; while they go out, another stream is served."""
    link, node = await linked.gateway(), await linked.node()
    engine = linked.engine(link)
    image = Image("data:image/png;base64," + "A" * 9_000_000)
    large = replace(JOB, messages=(Message("user", (image, Text("what is this"))),))
    stream = await engine.open(large)
    played = await node.engine.stream()
    assert node.engine.jobs == [large]
    played.feed("a cat", finish=True)
    assert await rest(stream) == "a cat"
    stream.close()
    too_large = replace(JOB, messages=(Message("user", (Image("A" * 70_000_000),)),))
    with pytest.raises(BadRequest, match="too large"):
        await engine.open(too_large)


@pytest.mark.parametrize(
    ("raised", "shown", "words"),
    [
        (BadRequest("too long", param="messages", code="context_length_exceeded"), BadRequest, "too long"),
        (Saturated("busy", retry_after_s=7), Saturated, "busy"),
        (Unavailable("gone"), Unavailable, "cannot be reached"),
        (EngineFailed("it broke"), EngineFailed, "it broke"),
        (EngineLost("it is gone"), EngineLost, "it is gone"),
    ],
)
async def test_an_engines_error_keeps_its_meaning(
    linked: Lab, raised: AntiphonError, shown: type[AntiphonError], words: str
) -> None:
    """Whoever is to blame on the node's side is to blame on the gateway's."""
    link, node = await linked.gateway(), await linked.node()
    node.engine.refuses = raised
    stream = await linked.engine(link).open(JOB)
    with pytest.raises(shown, match=words) as caught:
        await stream.next(soon())
    assert type(caught.value) is shown
    assert (caught.value.code, caught.value.param) == (raised.code, raised.param)
    stream.close()
    with pytest.raises(shown):
        await linked.engine(link).complete(JOB)


async def test_an_end_without_a_finish_reason_is_a_failure(linked: Lab) -> None:
    """However cleanly a node says that there is no more."""
    link, node = await linked.gateway(), await linked.node()
    stream = await linked.engine(link).open(JOB)
    played = await node.engine.stream()
    played.feed("half")
    played.feed_deltas([])
    assert await stream.next(soon()) == [Delta(content="half")]
    with pytest.raises(EngineFailed, match="without finishing"):
        await stream.next(soon())
    stream.close()


async def test_nobody_at_the_nodes_place(linked: Lab) -> None:
    """The broker says at once that no such node is there, and the engine's own words say when to ask again."""
    async with lab(linked.url, LinkLimits(wait_broker_s=0)) as ends:
        engine = ends.engine(await ends.gateway())
        assert engine.unavailable() is None
        stream = await engine.open(JOB)
        with pytest.raises(Unavailable, match="cannot be reached"):
            await stream.next(soon())
        stream.close()
        engine.down = True
        assert engine.unavailable() == 2


async def test_a_node_that_comes_a_moment_later(linked: Lab) -> None:
    """After the broker has come back its nodes do too: a job waits for its node a little."""
    link = await linked.gateway()
    stream = await linked.engine(link).open(JOB)
    node = await linked.node()
    (await node.engine.stream()).feed("here", finish=True)
    assert await rest(stream) == "here"
    stream.close()


async def test_what_a_node_is_follows_its_hello(linked: Lab) -> None:
    """Grammars, plain answers and closing turns are as the node says."""
    engine = linked.engine(await linked.gateway())
    assert (engine.takes_grammar, engine.stops_plain, engine.continues) == (True, False, False)
    engine.hello = replace(engine.hello, takes_grammar=False, stops_plain=True, continues=True)
    assert (engine.takes_grammar, engine.stops_plain, engine.continues) == (False, True, True)
    assert engine.rtt_s is None


async def test_finished_answers_come_with_receipts(linked: Lab) -> None:
    """The node signs what it did; the gateway has its own digests to compare, however the answer was cut."""
    link = await linked.gateway()
    node = await linked.node(sign=lambda receipt: f"0x{len(receipt.text)}")
    engine = linked.engine(link)
    stream = await engine.open(replace(JOB, attempt="att_9", user="alice"))
    played = await node.engine.stream()
    played.feed("Hel", "lo")
    played.feed(" you", finish=True)
    assert await rest(stream) == "Hello you"
    stream.close()
    await engine.complete(replace(JOB, attempt="att_10"))
    told, whole = linked.answers
    digest = AnswerDigest()
    digest.see([Delta(content="Hello you")])
    assert told.completion_sha256 == digest.sha256
    assert whole.completion_sha256 == answer_sha256(Choice(content="whole"))
    for answer, attempt in ((told, "att_9"), (whole, "att_10")):
        assert answer.receipt is not None
        receipt = answer.receipt.receipt
        assert answer.receipt.signature == f"0x{len(receipt.text)}"
        assert (receipt.attempt, receipt.node, receipt.model, receipt.epoch) == (attempt, "n1", "m", 7)
        assert receipt.prompt_sha256 == prompt_sha256(answer.job)
        assert receipt.completion_sha256 == answer.completion_sha256
        assert (receipt.prompt_tokens, receipt.completion_tokens) == (7, 3)
        assert receipt.started_at_ms <= receipt.first_token_at_ms <= receipt.ended_at_ms


async def test_a_node_let_go_of_fails_what_is_open(linked: Lab) -> None:
    """Readers are told, and the node stops."""
    link, node = await linked.gateway(), await linked.node()
    engine = linked.engine(link)
    stream = await engine.open(JOB)
    played = await node.engine.stream()
    await engine.close()
    with pytest.raises(EngineLost, match="let go"):
        await stream.next(soon())
    await asyncio.wait_for(played.closed.wait(), 5)
    stream.close()


async def test_a_broker_reads_nothing(linked: Lab) -> None:
    """Of a stream and of a whole answer, nothing that was asked or said is on the wire, nor who signed what."""
    seen: list[bytes] = []

    def look(_: bytes, data: bytes | None) -> list[bytes | None]:
        seen.append(data or b"")
        return [data]

    link, node = await linked.gateway(shim=look), await linked.node(sign=lambda _: "SIGNED", shim=look)
    node.engine.choice = Choice(content="the whole secret")
    asked = replace(JOB, messages=(Message("user", "the asked secret"),))
    stream = await linked.engine(link).open(asked)
    (await node.engine.stream()).feed("the told secret", finish=True)
    assert await rest(stream) == "the told secret"
    stream.close()
    choice, _ = await linked.engine(link).complete(asked)
    assert (choice.content, len(linked.answers)) == ("the whole secret", 2)
    wire = b"".join(seen)
    assert [word for word in (b"secret", b"user", b"SIGNED", b"finish_reason") if word in wire] == []
    assert b"sealed" in wire


async def test_what_a_broker_opens_once_more_is_sealed_anew(linked: Lab) -> None:
    """Once a node has forgotten an attempt it answers again, and two texts under one nonce would tell both."""
    openings: list[tuple[bytes, bytes]] = []
    sealed: list[Sealed] = []
    twice = asyncio.Event()

    def at_node(subject: bytes, data: bytes | None) -> list[bytes | None]:
        if data is not None and isinstance(read_request(data), Open):
            openings.append((subject, data))
        return [data]

    def at_gateway(_: bytes, data: bytes | None) -> list[bytes | None]:
        frame = None if data is None else read_answer(data)
        if isinstance(frame, Sealed):
            sealed.append(frame)
            if [one.seq for one in sealed].count(2) == 2:
                twice.set()
        return [data]

    link, node = await linked.gateway(shim=at_gateway), await linked.node(shim=at_node)
    assert (await linked.engine(link).complete(JOB))[0].content == "whole"
    node.responder._known.clear()
    node.responder._attempts.clear()
    node.responder._arrived(*openings[0])
    await asyncio.wait_for(twice.wait(), 10)
    assert [one.seq for one in sealed] == [1, 2, 1, 2]
    assert len({(one.seq, one.data[:RUN_BYTES]) for one in sealed}) == 4


async def test_a_node_of_an_older_version_is_asked_as_before(linked: Lab) -> None:
    """It tells no key, so nothing is sealed."""
    link, node = await linked.gateway(), await linked.node(seals=False)
    choice, _ = await linked.engine(link).complete(JOB)
    assert (choice.content, node.engine.jobs) == ("whole", [JOB])


async def test_a_node_that_cannot_seal_is_not_asked_sealed(linked: Lab) -> None:
    """Where its key is not this node's, the job is refused, and nothing of it is begun."""
    link, node = await linked.gateway(), await linked.node(seals=False)
    linked.seal_keys["n1"] = SealKeys(Ids().secret(KEY_BYTES))
    with pytest.raises(Unavailable):
        await linked.engine(link).complete(JOB)
    other = await linked.node("n2")
    linked.seal_keys["n2"] = SealKeys(Ids().secret(KEY_BYTES))
    with pytest.raises(EngineFailed):
        await linked.engine(link, "n2").complete(JOB)
    assert node.engine.jobs == other.engine.jobs == []
    broken = linked.engine(link)
    broken.hello = replace(broken.hello, seal_key=b"no key")
    with pytest.raises(EngineFailed, match="key is none"):
        await broken.complete(JOB)
