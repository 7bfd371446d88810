"""A stream of deltas against an engine whose every answer and fault is known."""

from __future__ import annotations

import asyncio

import pytest

from antiphon.chat import Delta
from antiphon.engines.kinds import kind
from antiphon.engines.upstream import HttpEngine
from antiphon.errors import EngineFailed
from antiphon.http.client import Pool
from antiphon.http.origin import Origin
from antiphon.testing.faults import Fault
from tests.unit.engines.connected import connected, deltas, job


async def test_thoughts_are_counted_where_the_engine_does_not() -> None:
    """Each piece of thinking is a token of the usage."""
    async with connected() as (engine, _):
        stream = await engine.open(job("Hi [[answer tokens=2 reasoning=3]]"))
        got = await deltas(stream)
        assert sum(bool(delta.reasoning) for delta in got) == 3
        assert stream.usage is not None
        assert (stream.usage.completion_tokens, stream.usage.reasoning_tokens) == (5, 3)
        stream.close()


@pytest.mark.parametrize("name", ["close", "reset", "cut", "end_early", "stream_error", "garbage", "no_finish"])
async def test_a_stream_that_breaks_is_a_failure(name: str) -> None:
    """After a token or two, whatever way it breaks: never a clean end."""
    async with connected() as (engine, server):
        server.push(Fault(name, k=2))  # type: ignore[arg-type]
        stream = await engine.open(job())
        with pytest.raises(EngineFailed):
            await deltas(stream)
        stream.close()


@pytest.mark.parametrize("name", ["no_done", "double_done", "after_done", "no_usage", "extra_fields", "sse_dialect"])
async def test_oddities_do_not_hurt(name: str) -> None:
    """The answer is the one that a good stream gives."""
    async with connected() as (engine, server):
        choice, _ = await engine.complete(job())
        server.push(Fault(name))  # type: ignore[arg-type]
        stream = await engine.open(job())
        assert "".join(delta.content for delta in await deltas(stream)) == choice.content
        stream.close()


async def test_a_plain_answer_in_place_of_a_stream_is_a_failure() -> None:
    """Status 200 alone makes no stream."""
    async with connected() as (engine, server):
        server.push(Fault("status", status=200))
        stream = await engine.open(job())
        with pytest.raises(EngineFailed, match="did not answer with a stream"):
            await deltas(stream)
        stream.close()


async def test_a_silent_stream_is_left_in_time() -> None:
    """`next` gives None when nothing came, and the engine sees its client go."""
    async with connected() as (engine, server):
        server.push(Fault("freeze", k=0))
        stream = await engine.open(job())
        assert await stream.next(asyncio.get_running_loop().time() + 0.02) is None
        stream.close()
        await server.disconnected(await server.request())


SLOW = "Hi [[answer tokens=400 delay_s=0.005]]"


async def told(text: str) -> str:
    """What the fault engine answers to this."""
    async with connected("llama.cpp") as (engine, _):
        choice, _ = await engine.complete(job(text))
        assert choice.content
        return choice.content


async def test_a_stop_text_ends_an_engine_that_is_not_told_of_it() -> None:
    """At once, however much it had still to say; the usage is then not told."""
    text = await told(SLOW)
    stop = text[9:14]
    async with connected("llama.cpp") as (engine, server):
        stream = await engine.open(job(SLOW, stop=(stop,)))
        got = await deltas(stream)
        assert "".join(delta.content for delta in got) == text[: text.index(stop)]
        assert got[-1].finish_reason == "stop"
        await server.disconnected(await server.request())
        assert "stop" not in (await server.request()).body
        assert stream.usage is None
        assert await stream.next(0) == []
        stream.close()


async def test_a_stop_text_among_what_is_taken_ends_it_too() -> None:
    """Whoever takes deltas as they arrive gets the last one, and the engine is ended."""
    text = await told(SLOW)
    stop = text[40:44]
    async with connected("llama.cpp") as (engine, server):
        stream = await engine.open(job(SLOW, stop=(stop,)))
        got: list[Delta] = []

        def take(some: list[Delta]) -> bool:
            got.extend(some)
            return some[-1].finish_reason is None

        while (some := await stream.next(asyncio.get_running_loop().time() + 10, take)) != []:
            got += some or []
        assert "".join(delta.content for delta in got) == text[: text.index(stop)]
        assert got[-1].finish_reason == "stop"
        await server.disconnected(await server.request())
        stream.close()


async def test_what_was_held_back_for_a_stop_text_is_shown_at_the_end() -> None:
    """Though `max_tokens` ended it; the usage is the engine's."""
    text = await told("Hi [[answer tokens=400]]")
    async with connected("llama.cpp") as (engine, _):
        plain, usage = await engine.complete(job("Hi [[answer tokens=400]]"))
        stream = await engine.open(job("Hi [[answer tokens=400]]", stop=(f"{text[-3:]}☃",)))
        got = await deltas(stream)
        assert "".join(delta.content for delta in got) == plain.content
        assert (got[-1].finish_reason, stream.usage) == ("length", usage)
        stream.close()


@pytest.mark.parametrize("usage", [b"", b',"usage":{"prompt_tokens":7,"completion_tokens":1}'])
async def test_an_answer_that_breaks_off_behind_its_finish_is_whole(usage: bytes) -> None:
    """Whoever reads on for its usage is told that it will not come, unless it had come before."""
    choice = b'{"index":0,"delta":{"content":"Hi"},"finish_reason":"stop"}'
    event = b'data: {"choices":[%b]%b}\n\n' % (choice, usage)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        head = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
        writer.write(b"%b%x\r\n%b\r\n" % (head, len(event), event))
        await writer.drain()
        writer.transport.abort()

    async with asyncio.timeout(20), await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        origin = Origin("127.0.0.1", server.sockets[0].getsockname()[1])
        engine = HttpEngine("node", Pool(origin), kind("vllm"))
        stream = await engine.open(job())
        until = asyncio.get_running_loop().time() + 10
        while not (got := await stream.next(until)):
            assert got is None
        assert got[-1].finish_reason == "stop"
        if usage:
            assert await deltas(stream) == []
        else:
            with pytest.raises(EngineFailed):
                await deltas(stream)
        stream.close()
        await engine.close()
