"""The gateway's end of the link: what is lost comes again, what is gone is noticed, and a broker may come and go."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from antiphon.chat import Delta
from antiphon.errors import EngineFailed, EngineLost, Unavailable
from antiphon.link import claims, frames
from antiphon.link.limits import LinkLimits

from .lab import JOB, Lab, Shim, broker_in, lab, node_credentials, rest, soon

QUICK = LinkLimits(pulse_s=0.05, silent_s=0.4, reattach_s=1.0, wait_broker_s=0.3, resume_s=0.02)
WORDS = [f" {number}" for number in range(200)]


def losing(numbers: set[int]) -> Shim:
    """Loses the messages with these numbers, counted from 1, pulses left out."""
    count = iter(range(1, 1_000_000))

    def shim(subject: bytes, data: bytes | None) -> list[bytes | None]:
        if subject.startswith(b"out.") and not subject.endswith(b".pulse") and next(count) in numbers:
            return []
        return [data]

    return shim


def swapping() -> Shim:
    """Hands on every third message after the next one, and every fifth one twice."""
    kept: list[bytes | None] = []
    count = iter(range(1, 1_000_000))

    def shim(subject: bytes, data: bytes | None) -> list[bytes | None]:
        if not subject.startswith(b"out.") or subject.endswith(b".pulse"):
            return [data]
        number = next(count)
        if number % 3 == 0:
            kept.append(data)
            return []
        late = kept.copy()
        kept.clear()
        return [data, *late, data] if number % 5 == 0 else [data, *late]

    return shim


@pytest.mark.parametrize("shim", [losing({1}), losing({3, 4}), losing({40}), losing(set(range(7, 90))), swapping()])
async def test_what_is_lost_or_mixed_up_comes_again(linked: Lab, shim: Shim) -> None:
    """The first, the last and any in between: the text is exact, nothing twice."""
    async with lab(linked.url, QUICK) as ends:
        link, node = await ends.gateway(shim=shim), await ends.node()
        stream = await ends.engine(link).open(JOB)
        played = await node.engine.stream()
        for word in WORDS[:38]:
            played.feed(word)
            await asyncio.sleep(0)
        played.feed(WORDS[38], finish=True)
        assert await rest(stream) == "".join(WORDS[:39])
        stream.close()


async def test_credit_that_is_lost_is_given_again(linked: Lab) -> None:
    """A node that waits for it is not left waiting."""
    async with lab(linked.url, QUICK) as ends:
        link = await ends.gateway()
        node = await ends.node(shim=lambda _, data: [] if data is not None and b"credit" in data else [data])
        stream = await ends.engine(link).open(JOB)
        played = await node.engine.stream()
        for word in WORDS:
            played.feed(word)
        played.feed("", finish=True)
        assert await rest(stream) == "".join(WORDS)
        stream.close()


async def test_a_slow_reader_makes_its_engine_wait(linked: Lab) -> None:
    """What nobody reads is not generated; another stream of the same node goes on."""
    link, node = await linked.gateway(), await linked.node()
    engine = linked.engine(link)
    slow, quick = await engine.open(JOB), await engine.open(JOB)
    first, second = await node.engine.stream(0), await node.engine.stream(1)
    for word in WORDS:
        first.feed(word)
        second.feed(word)
    second.feed("", finish=True)
    assert await rest(quick) == "".join(WORDS)
    assert first.read <= linked.limits.window + 1
    first.feed("", finish=True)
    assert await rest(slow) == "".join(WORDS)
    slow.close()
    quick.close()


async def test_a_node_that_is_gone_is_noticed(linked: Lab) -> None:
    """Nobody listens in its place: its streams fail soon, so that they can go on elsewhere."""
    async with lab(linked.url, QUICK) as ends:
        link, node = await ends.gateway(), await ends.node()
        stream = await ends.engine(link).open(JOB)
        (await node.engine.stream()).feed("half")
        assert await stream.next(soon()) == [Delta(content="half")]
        await asyncio.sleep(QUICK.wait_broker_s)  # until then its place may be empty
        await node.connection.close()
        with pytest.raises(EngineLost, match="gone"):
            await stream.next(soon())
        stream.close()


async def test_a_node_that_is_silent_is_noticed(linked: Lab) -> None:
    """It is connected, and answers nothing, like a process that was stopped."""
    async with lab(linked.url, QUICK) as ends:
        link, node = (
            await ends.gateway(),
            await ends.node(shim=lambda _, data: [] if b"pulse" in (data or b"") else [data]),
        )
        stream = await ends.engine(link).open(JOB)
        (await node.engine.stream()).feed("half")
        assert await stream.next(soon()) == [Delta(content="half")]
        with pytest.raises(EngineLost, match="silent"):
            await stream.next(soon())
        stream.close()


async def test_a_node_that_began_anew_has_lost_its_jobs(linked: Lab) -> None:
    """It is there, and knows nothing of them: that is told at once."""
    async with lab(linked.url, QUICK) as ends:
        link, node = await ends.gateway(), await ends.node()
        stream = await ends.engine(link).open(JOB)
        (await node.engine.stream()).feed("half")
        assert await stream.next(soon()) == [Delta(content="half")]
        await node.connection.close()
        await ends.node()
        with pytest.raises(EngineLost, match="lost the job"):
            await stream.next(soon())
        stream.close()


async def test_a_pulse_measures_the_way(linked: Lab) -> None:
    """How long a message takes to the node and back."""
    async with lab(linked.url, QUICK) as ends:
        link, node = await ends.gateway(), await ends.node()
        engine = ends.engine(link)
        stream = await engine.open(JOB)
        played = await node.engine.stream()
        while engine.rtt_s is None:
            assert await stream.next(asyncio.get_running_loop().time() + 0.05) is None
        assert 0 < engine.rtt_s < 1
        played.feed("", finish=True)
        await rest(stream)
        stream.close()


@pytest.fixture
def answers() -> Iterator[list[bytes]]:
    """Bytes that no node of ours sends."""
    return iter([[b"", b"\xc1", b"<html>", frames.encode({"type": "deltas", "seq": "x"})]])


async def test_garbage_ends_its_stream_alone(linked: Lab, answers: Iterator[list[bytes]]) -> None:
    """A node that sends nonsense fails, whatever the nonsense is."""
    for garbage in next(answers):
        link, node = await linked.gateway(), await linked.node()
        stream = await linked.engine(link).open(JOB)
        await node.engine.stream()
        (opened,) = link.peer("n1").attempts.values()
        node.connection.send(opened.key, garbage)
        with pytest.raises(EngineFailed, match="not what it should be"):
            await stream.next(soon())
        stream.close()


async def test_a_node_that_ignores_its_credit_is_cut_off(linked: Lab) -> None:
    """It cannot fill the gateway's memory."""
    link, node = await linked.gateway(), await linked.node(seals=False)
    stream = await linked.engine(link).open(JOB)
    await node.engine.stream()
    (opened,) = link.peer("n1").attempts.values()
    for seq in range(1, 400):
        node.connection.send(opened.key, frames.encode(frames.Deltas(seq, ["x"])))
    assert len(await stream.next(soon()) or []) <= 2 * linked.limits.window
    with pytest.raises(EngineFailed, match="more than it was let"):
        while True:
            await stream.next(soon())
    stream.close()


async def test_heartbeats_name_their_node(linked: Lab) -> None:
    """What a node says of itself comes with the name that the broker vouches for; nonsense is left out."""
    await linked.gateway()
    node = await linked.node()
    heard = linked.heard
    node.connection.send(b"hb.n1", b"nonsense")
    node.connection.send(b"hb.n1", frames.encode({"type": "mood"}))
    node.connection.send(b"hb.n1", frames.encode(frames.Heartbeat(7, slots=2)))
    await asyncio.wait_for(heard.wait(), 5)
    assert linked.beats == [("n1", frames.Heartbeat(7, slots=2))]


async def test_streams_survive_a_broker_that_is_killed(tmp_path: Path) -> None:
    """Killed and begun anew in the middle of ten streams: each goes on where it was, to the last word."""
    broker = broker_in(tmp_path)
    await broker.start()
    try:
        async with lab(broker.url) as ends:
            link, node = await ends.gateway(), await ends.node(slots=10)
            engine = ends.engine(link)
            streams = [await engine.open(JOB) for _ in range(10)]
            played = [await node.engine.stream(number) for number in range(10)]
            reading = [asyncio.ensure_future(rest(stream)) for stream in streams]
            for number, word in enumerate(WORDS):
                if number in (50, 120) and broker.pid is not None:
                    os.kill(broker.pid, signal.SIGKILL)
                for one in played:
                    one.feed(word)
                await asyncio.sleep(0.002)
            for one in played:
                one.feed("", finish=True)
            assert set(await asyncio.gather(*reading)) == {"".join(WORDS)}
            for stream in streams:
                stream.close()
        assert broker.restarts >= 1
    finally:
        await broker.stop()


async def test_streams_go_on_while_the_broker_reads_its_configuration(tmp_path: Path) -> None:
    """And while somebody else is sent away: rights that are given once are not asked for again."""
    broker = broker_in(tmp_path)
    await broker.start()
    async with lab(broker.url) as ends:
        link, node, other = await ends.gateway(), await ends.node(), node_credentials("n2")
        stream = await ends.engine(link).open(JOB)
        played = await node.engine.stream()
        lost = asyncio.Event()
        link.connection.watch(lambda up: None if up else lost.set())
        for number, word in enumerate(WORDS):
            if number == 50 and broker.pid is not None:
                os.kill(broker.pid, signal.SIGHUP)
            if number == 100:
                assert await broker.revoke(claims.public_key(other.seed))
            played.feed(word)
            assert await stream.next(soon()) == [Delta(content=word)]
        played.feed("", finish=True)
        assert await rest(stream) == ""
        assert not lost.is_set()
        stream.close()
    await broker.stop()


async def test_without_a_broker_nothing_is_asked(tmp_path: Path) -> None:
    """Soon after it went, an engine is unavailable; a stream that was open ends, and nothing is sent late."""
    broker = broker_in(tmp_path)
    await broker.start()
    async with lab(broker.url, QUICK) as ends:
        link, node = await ends.gateway(), await ends.node()
        engine = ends.engine(link)
        stream = await engine.open(JOB)
        played = await node.engine.stream()
        await broker.stop()
        with pytest.raises(Unavailable, match="broker"):
            await engine.open(JOB)
        assert engine.unavailable() == 1
        with pytest.raises(EngineFailed, match="broker"):
            await stream.next(soon())
        stream.close()
        await asyncio.wait_for(played.closed.wait(), 5)
        again = broker_in(tmp_path)
        await again.start()
        try:
            assert await link.connection.wait_connected(5)
            assert await node.connection.wait_connected(5)
            assert await engine.count_prompt_tokens(JOB) == 5
            assert len(node.engine.jobs) == 1
        finally:
            await again.stop()


async def test_a_closed_link_tells_its_readers(linked: Lab) -> None:
    """Nobody waits for ever when a gateway ends."""
    link = await linked.gateway()
    await linked.node()
    stream = await linked.engine(link).open(JOB)
    link.close()
    with pytest.raises(EngineFailed, match="closing"):
        await stream.next(soon())
    stream.close()
