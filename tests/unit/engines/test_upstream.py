"""An engine behind HTTP against one whose every answer and fault is known."""

from __future__ import annotations

import asyncio
import struct

import pytest

from antiphon.chat import Delta, Prompt, Sampling, Usage
from antiphon.engines import Job, ModelFacts
from antiphon.engines.kinds import kind
from antiphon.engines.upstream import RETRY_AFTER_S, HttpEngine, failure
from antiphon.errors import BadRequest, EngineFailed, Unavailable
from antiphon.http.client import Pool
from antiphon.http.origin import Broken, ConnectFailed, Origin
from antiphon.testing.faults import Fault
from antiphon.testing.plan import count_text_tokens
from antiphon.testing.vectors import expected_vector
from tests.unit.engines.connected import connected, deltas, job


async def test_stream_and_plain_answer_say_the_same() -> None:
    """Text, reason to end and usage are equal, on one connection."""
    async with connected() as (engine, server):
        choice, usage = await engine.complete(job())
        stream = await engine.open(job())
        got = await deltas(stream)
        assert choice.content
        assert "".join(delta.content for delta in got) == choice.content
        assert [delta.finish_reason for delta in got if delta.finish_reason] == [choice.finish_reason] == ["stop"]
        assert stream.usage == usage
        assert usage.completion_tokens == 4
        stream.close()
        assert server.connections_accepted == 1


async def test_thoughts_are_counted_where_the_engine_does_not() -> None:
    """Each piece of thinking is a token of the usage."""
    async with connected() as (engine, _):
        stream = await engine.open(job("Hi [[answer tokens=2 reasoning=3]]"))
        got = await deltas(stream)
        assert sum(bool(delta.reasoning) for delta in got) == 3
        assert stream.usage is not None
        assert (stream.usage.completion_tokens, stream.usage.reasoning_tokens) == (5, 3)
        stream.close()


@pytest.mark.parametrize(("given", "good"), [("right", True), ("wrong", False), (None, False)])
async def test_the_key_goes_with_each_request(given: str | None, good: bool) -> None:
    """An engine that wants another key is broken for the caller."""
    async with connected(key="right", given=given) as (engine, _):
        if good:
            assert (await engine.complete(job()))[0].finish_reason == "stop"
        else:
            with pytest.raises(EngineFailed, match="status 401"):
                await engine.complete(job())


STATUSES = [(400, BadRequest), (429, Unavailable), (503, Unavailable), (500, EngineFailed), (302, EngineFailed)]


@pytest.mark.parametrize(("status", "error"), STATUSES)
async def test_a_refusal_is_raised_either_way(status: int, error: type[Exception]) -> None:
    """By a plain answer at once, by a stream in its first `next`."""
    fault = Fault("status", status=status)
    async with connected() as (engine, server):
        server.push(fault, fault)
        with pytest.raises(error):
            await engine.complete(job())
        stream = await engine.open(job())
        with pytest.raises(error):
            await deltas(stream)
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


async def test_alternatives_are_no_more_than_asked_for() -> None:
    """llama.cpp is asked for one even if the caller wants none."""
    async with connected("llama.cpp") as (engine, server):
        stream = await engine.open(job(logprobs=True))
        entries = [entry for delta in await deltas(stream) for entry in delta.logprobs]
        stream.close()
        assert (await server.request()).body["top_logprobs"] == 1
        assert len(entries) == 4
        assert [entry.top_logprobs for entry in entries] == [[]] * 4


async def test_models_and_prompt_length_are_asked() -> None:
    """Both come from the server; an address that it has not is None."""
    async with connected() as (engine, _):
        assert await engine.models() == [ModelFacts("fault-model", 8192)]
        _, usage = await engine.complete(job())
        assert await engine.count_prompt_tokens(job()) == usage.prompt_tokens
        assert await engine.get("/nothing") is None
        assert await engine.post("/nothing", b"{}") is None


async def test_a_server_that_is_gone_cannot_be_reached() -> None:
    """A new connection that fails is a node to avoid, not a broken answer."""
    async with connected() as (engine, server):
        server.crash()
        for asking in (engine.complete(job()), engine.get("/health")):
            with pytest.raises(Unavailable, match="cannot be reached") as caught:
                await asking
            assert caught.value.retry_after_s == RETRY_AFTER_S


async def test_what_an_engine_is_follows_its_kind() -> None:
    """Grammars, plain answers, and the wait while it is down."""
    pool = Pool(Origin("localhost", 1))
    llama, plain = HttpEngine("a", pool, kind("llama.cpp")), HttpEngine("b", pool, kind("openai"))
    assert (llama.takes_grammar, llama.stops_plain) == (True, False)
    assert (plain.takes_grammar, plain.stops_plain) == (False, True)
    assert plain.unavailable() is None
    plain.down = True
    assert plain.unavailable() == RETRY_AFTER_S


def test_failed_exchanges_have_their_errors() -> None:
    """Not connected is unavailable, anything later is the engine's failure."""
    assert isinstance(failure(ConnectFailed("no")), Unavailable)
    assert isinstance(failure(Broken("no")), EngineFailed)


def text_job(prompt: Prompt = "Hi [[answer tokens=4]]", **sampling: int | bool) -> Job:
    """A text for the fault engine to go on with."""
    return Job("fault-model", (), Sampling(max_tokens=50, **sampling), prompt=prompt)  # type: ignore[arg-type]


@pytest.mark.parametrize("prompt", ["Hi [[answer tokens=4]]", (1, 2, 3)])
async def test_a_prompt_goes_to_the_address_of_texts(prompt: Prompt) -> None:
    """Stream and plain answer say the same there."""
    async with connected() as (engine, server):
        choice, usage = await engine.complete(text_job(prompt))
        stream = await engine.open(text_job(prompt))
        got = await deltas(stream)
        assert "".join(delta.content for delta in got) == choice.content
        assert (stream.usage, got[-1].finish_reason) == (usage, choice.finish_reason)
        assert [request.path for request in server.requests] == ["/v1/completions"] * 2
        stream.close()


async def test_log_probabilities_of_a_text() -> None:
    """One entry a token, with no more alternatives than were asked for."""
    async with connected() as (engine, _):
        stream = await engine.open(text_job(logprobs=True, top_logprobs=2))
        entries = [entry for delta in await deltas(stream) for entry in delta.logprobs]
        assert len(entries) == 4
        assert all(len(entry.top_logprobs) <= 2 for entry in entries)
        stream.close()


@pytest.mark.parametrize("name", ["close", "reset", "cut", "end_early", "stream_error", "garbage", "no_finish"])
async def test_a_text_that_breaks_is_a_failure(name: str) -> None:
    """Streamed and plain, as a chat."""
    fault = Fault(name, k=2, route="text")  # type: ignore[arg-type]
    async with connected() as (engine, server):
        server.push(fault, fault)
        stream = await engine.open(text_job())
        with pytest.raises(EngineFailed):
            await deltas(stream)
        stream.close()
        with pytest.raises(EngineFailed):
            await engine.complete(text_job())


async def test_a_prompt_that_is_too_long_is_told_as_such() -> None:
    """The refusal names the field that the caller knows."""
    async with connected() as (engine, server):
        server.push(Fault("status", status=400, shape="text", route="text"))
        with pytest.raises(BadRequest) as refused:
            await engine.complete(text_job())
        assert refused.value.code == "engine_refused"


@pytest.mark.parametrize(("name", "requests"), [("vllm", 1), ("llama.cpp", 3), ("ollama", 1)])
async def test_vectors_come_in_the_order_of_their_texts(name: str, requests: int) -> None:
    """In as many requests as the kind takes at once, and as exact as they were sent."""
    texts = tuple(f"text {number}" for number in range(40))
    async with connected(name, embeds=True) as (engine, server):
        vectors, usage = await engine.embed("fault-model", texts)
        assert [list(struct.unpack("<8f", vector)) for vector in vectors] == [expected_vector(text) for text in texts]
        assert usage == Usage(prompt_tokens=sum(count_text_tokens(text) for text in texts))
        assert len([each for each in server.record.exchanges if each.path == "/v1/embeddings"]) == requests


@pytest.mark.parametrize(("status", "error"), STATUSES)
async def test_a_refusal_to_embed_is_raised(status: int, error: type[Exception]) -> None:
    """As for any other request."""
    async with connected(embeds=True) as (engine, server):
        server.push(Fault("status", status=status, route="embeddings"))
        with pytest.raises(error):
            await engine.embed("fault-model", ("a",))


@pytest.mark.parametrize("name", ["close", "cut", "garbage", "empty_body", "wrong_length"])
async def test_vectors_that_break_off_are_a_failure(name: str) -> None:
    """Never half of them."""
    async with connected(embeds=True) as (engine, server):
        server.push(Fault(name, route="embeddings"))  # type: ignore[arg-type]
        with pytest.raises(EngineFailed):
            await engine.embed("fault-model", ("a", "b"))


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
