"""An engine behind HTTP against one whose every answer and fault is known."""

from __future__ import annotations

import struct

import pytest
from msgspec.structs import replace

from antiphon.chat import Prompt, Sampling, Usage
from antiphon.engines import Job, ModelFacts
from antiphon.engines.kinds import kind
from antiphon.engines.refusals import RETRY_AFTER_S
from antiphon.engines.upstream import HttpEngine
from antiphon.errors import BadRequest, EngineFailed, Unavailable
from antiphon.http.client import Pool
from antiphon.http.origin import Origin
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
    assert (llama.takes_grammar, llama.stops_plain, llama.continues) == (True, False, True)
    assert (plain.takes_grammar, plain.stops_plain, plain.continues) == (False, True, False)
    assert plain.unavailable() is None
    plain.down = True
    assert plain.unavailable() == RETRY_AFTER_S


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


@pytest.mark.parametrize(
    ("request_id", "attempt", "sent"),
    [("req_7", "att-1", "req_7.att-1"), ("req_7", "", None), ("", "att-1", None)],
)
async def test_the_request_is_named_to_the_engine(request_id: str, attempt: str, sent: str | None) -> None:
    """Either way of asking has the request's id, each attempt with its own behind it."""
    asked = replace(job(), request_id=request_id, attempt=attempt)
    async with connected() as (engine, server):
        await engine.complete(asked)
        stream = await engine.open(asked)
        await deltas(stream)
        stream.close()
        assert [one.headers.get("x-request-id") for one in server.record.exchanges] == [sent, sent]


@pytest.mark.parametrize(("state", "sent"), [("a=1", "a=1"), ("", None)])
async def test_a_trace_goes_on_at_the_engine(state: str, sent: str | None) -> None:
    """By the headers of W3C Trace Context, beside the request's id."""
    parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    asked = replace(job(), request_id="req_7", attempt="att-1", traceparent=parent, tracestate=state)
    async with connected() as (engine, server):
        await engine.complete(asked)
        await engine.complete(job())
        first, second = (one.headers for one in server.record.exchanges)
    assert (first["x-request-id"], first["traceparent"], first.get("tracestate")) == ("req_7.att-1", parent, sent)
    assert "traceparent" not in second
