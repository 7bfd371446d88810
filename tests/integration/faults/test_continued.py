"""Streams that outlive their engines: whatever breaks in the middle, the client sees one whole answer, to the byte."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from antiphon.testing.fault_engine import FaultEngine
from antiphon.testing.faults import Fault
from antiphon.testing.gateway_process import GatewayProcess
from antiphon.testing.plan import Habits, plan_answer
from antiphon.testing.raw_client import RawClient, RawResponse, request_bytes
from antiphon.testing.script import Draws
from antiphon.testing.text import expected_text

from .lab import COUNT, FIRST_TOKEN_S, INTER_TOKEN_S, KEY, MESSAGES, Lab, assert_good, seen, settings

pytestmark = pytest.mark.asyncio(loop_scope="package")
JSON = Any  # Any: the wire
K = 3
FOLLOWING = Habits(follows_grammars=True)
PAIR = '{ name = "pair", upstream_name = "fault-model" }'
NATIVE = '{ name = "native", upstream_name = "fault-model", tools = "native" }'
MIXED = '{{ name = "mixed", upstream_name = "fault-model", tools = "{}" }}'  # by engine `a` alone
BREAKS = (
    Fault(name="close", k=K),
    Fault(name="reset", k=K, delay_s=0.05),
    Fault(name="cut", k=K),
    Fault(name="end_early", k=K),
    Fault(name="stream_error", k=K),
    Fault(name="garbage", k=K, kind="json"),
    Fault(name="bad_chunking", k=K, kind="crlf"),
)
ADDRESS = {
    "type": "object",
    "properties": {"city": {"type": "string", "maxLength": 40}, "number": {"type": "integer", "maximum": 9999}},
    "required": ["city", "number"],
    "additionalProperties": False,
}
FORMAT = {"type": "json_schema", "json_schema": {"name": "address", "schema": ADDRESS}}
TOOLS = [{"type": "function", "function": {"name": "visit", "parameters": ADDRESS}}]


@asynccontextmanager
async def lab(folder: Path) -> AsyncIterator[Lab]:
    """A gateway that lets answers go on, over two engines that follow grammars."""
    either = Draws()
    async with FaultEngine(FOLLOWING, shared=either) as a, FaultEngine(FOLLOWING, shared=either) as b:
        native, emulated = (f"{PAIR}, {NATIVE}, {MIXED.format(tools)}" for tools in ("native", "emulated"))
        text = settings(a, b, continuations=3).replace(PAIR, native, 1)
        text = emulated.join(text.rsplit(PAIR, 1))
        async with GatewayProcess(text, folder) as gateway:
            yield Lab(gateway, a, b, either)


@pytest_asyncio.fixture(scope="module", loop_scope="package")
async def kept(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Lab]:
    """One of them for all tests."""
    async with lab(tmp_path_factory.mktemp("continued")) as made:
        yield made


@pytest_asyncio.fixture(loop_scope="package")
async def unharmed(tmp_path: Path) -> AsyncIterator[Lab]:
    """One that no engine has failed yet, so that each is asked."""
    async with lab(tmp_path) as made:
        yield made


@pytest_asyncio.fixture(loop_scope="package")
async def going(kept: Lab) -> Lab:
    """That gateway, no fault left over from another test."""
    await kept.rest()
    return kept


async def broken_twice(going: Lab, fault: Fault, **fields: JSON) -> RawResponse:
    """The answer to a request whose first attempts break so, on whichever engines they are made."""
    before = going.struck
    going.push(fault, fault)
    response = await going.ask(timeout_s=20, **{"model": "pair", "stream": True, **fields})
    assert going.struck == before + 2
    return response


def chunks(response: RawResponse) -> list[JSON]:
    """The events of a stream that ended well."""
    *events, done = response.events()
    assert done == "[DONE]", events[-1:]
    return [json.loads(event) for event in events]


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("fault", BREAKS, ids=lambda fault: fault.name)
async def test_text_goes_on_to_the_letter(going: Lab, fault: Fault, stream: bool) -> None:
    """One id, one usage, whose prompt is the one that was asked."""
    response = await broken_twice(going, fault, stream=stream, max_tokens=12)
    answer = seen(response)
    assert_good(answer, model="pair", count=12)
    assert (
        answer.usage["prompt_tokens"]
        == plan_answer({"messages": list(MESSAGES)}, FOLLOWING, number=0, created=0).prompt_tokens
    )
    if stream:
        assert len({chunk["id"] for chunk in chunks(response)}) == 1


async def test_an_engine_that_died_is_gone_on_for_by_another(going: Lab) -> None:
    """Nothing listens there any more."""
    going.push(Fault(name="exit", k=K), Fault(name="end_early", k=K))
    assert_good(seen(await going.ask(stream=True, model="pair", max_tokens=12, timeout_s=20)), model="pair", count=12)


async def test_a_frozen_engine_is_gone_on_for_by_another(going: Lab) -> None:
    """Once it was silent for too long; what it says when it wakes up is not heard."""
    frozen = Fault(name="freeze", k=K, delay_s=2 * INTER_TOKEN_S)
    assert_good(seen(await broken_twice(going, frozen, max_tokens=12)), model="pair", count=12)


async def test_a_first_token_that_does_not_come_is_looked_for_elsewhere(going: Lab) -> None:
    """Long before its time is up, once it is known how soon first tokens come; the frozen engine's is not heard."""
    for number in range(30):
        await going.ask(stream=True, model="pair", messages=[{"role": "user", "content": f"learn {number}"}])
    going.push(Fault(name="freeze", k=-1, delay_s=FIRST_TOKEN_S))
    before, watch = going.struck, going.stopwatch()
    assert_good(seen(await going.ask(stream=True, model="pair")), model="pair", count=COUNT)
    assert going.struck == before + 1
    assert watch.fair_s < FIRST_TOKEN_S


async def test_one_engine_alone_goes_on_itself(going: Lab) -> None:
    """If it is back."""
    going.a.push(Fault(name="close", k=2), Fault(name="cut", k=2))
    assert_good(seen(await going.ask(stream=True)), count=COUNT)
    assert [len(exchange.body["messages"]) for exchange in list(going.a.requests)[-3:]] == [1, 2, 2]


async def test_more_breaks_than_are_allowed_end_in_an_error(going: Lab) -> None:
    """The text so far stands, and nothing says that it was done."""
    going.a.push(*(Fault(name="close", k=1) for _ in range(4)))
    answer = seen(await going.ask(stream=True))
    assert (answer.error["code"], answer.done, answer.text) == ("engine_failed", False, expected_text(MESSAGES, 4))


@pytest.mark.parametrize("k", [1, 4, 9])
@pytest.mark.parametrize("stream", [False, True])
async def test_documents_go_on_within_their_grammar(going: Lab, k: int, stream: bool) -> None:
    """The same document as without any fault."""
    fields: JSON = {"response_format": FORMAT, "max_tokens": 99, "stream": stream, "model": "pair"}
    whole = seen(await going.ask(**fields))
    broken = seen(await broken_twice(going, Fault(name="close", k=k), **fields))
    assert set(json.loads(whole.text)) == {"city", "number"}
    assert (broken.text, broken.usage, broken.error) == (whole.text, whole.usage, None)


@pytest.mark.parametrize("k", [1, 6, 14])
@pytest.mark.parametrize("model", ["pair", "native"])
async def test_calls_go_on(going: Lab, model: str, k: int) -> None:
    """Calls in text within their grammar, calls of the engine's own by making them again: one call, whole arguments."""
    fields: JSON = {
        "model": model,
        "tools": TOOLS,
        "tool_choice": "required",
        "parallel_tool_calls": False,
        "max_tokens": 99,
        "seed": 5,
        "stream": True,
    }
    whole = await going.ask(**fields)
    broken = await broken_twice(going, Fault(name="close", k=k), **fields)
    assert called(chunks(broken)) == called(chunks(whole))
    assert usage(chunks(broken)) == usage(chunks(whole))


@pytest.mark.parametrize("k", [2, 6, 14])
async def test_a_call_of_an_engine_s_own_goes_on_in_the_text_of_another(unharmed: Lab, k: int) -> None:
    """Nothing need repeat: what was told of it stands in front of what that one may still write."""
    fields: JSON = {"model": "mixed", "tools": TOOLS, "tool_choice": "required", "stream": True}
    before = unharmed.a.record.struck
    unharmed.a.push(Fault(name="close", k=k))
    for number in range(20):
        messages = [{"role": "user", "content": f"Visit number {number}."}]
        answer = await unharmed.ask(**fields, messages=messages, max_tokens=99, parallel_tool_calls=False, timeout_s=20)
        names, _, finishes = called(chunks(answer))
        assert (names, finishes) == (["visit"], ["tool_calls"])
        if unharmed.a.record.struck > before:
            return
    pytest.fail("The engine whose calls are its own was never asked.")


def called(events: list[JSON]) -> JSON:
    """Names, arguments and the end of a stream of calls."""
    choices = [choice for event in events for choice in event["choices"]]
    calls = [call for choice in choices for call in choice["delta"].get("tool_calls") or ()]
    names = [call["function"]["name"] for call in calls if call.get("id")]
    arguments = "".join(call["function"].get("arguments") or "" for call in calls)
    assert set(json.loads(arguments)) == {"city", "number"}
    return names, arguments, [choice["finish_reason"] for choice in choices if choice.get("finish_reason")]


def usage(events: list[JSON]) -> JSON:
    """The one usage of a stream."""
    (told,) = [event["usage"] for event in events if event.get("usage")]
    return told


async def test_each_choice_goes_on_by_itself(going: Lab) -> None:
    """Both are whole, though each was broken."""
    before = going.struck
    going.push(*(Fault(name="close", k=2), Fault(name="cut", k=3)) * 2)
    events = chunks(await going.ask(stream=True, model="pair", n=2, seed=3, max_tokens=12, timeout_s=20))
    for index in range(2):
        said = [
            choice["delta"].get("content") or ""
            for event in events
            for choice in event["choices"]
            if choice["index"] == index
        ]
        assert "".join(said) == expected_text(MESSAGES, 12, seed=3 + index)
    assert usage(events)["completion_tokens"] == 24
    assert going.struck == before + 4


async def test_log_probabilities_stay_with_their_tokens(going: Lab) -> None:
    """No entry twice, none missing."""
    fields: JSON = {"logprobs": True, "top_logprobs": 2, "max_tokens": 12, "stream": True, "model": "pair"}

    def entries(response: RawResponse) -> JSON:
        choices = [choice for event in chunks(response) for choice in event["choices"] if choice.get("logprobs")]
        return [entry for choice in choices for entry in choice["logprobs"]["content"]]

    whole = await going.ask(**fields)
    broken = await broken_twice(going, Fault(name="close", k=K), **fields)
    assert len(entries(whole)) == 12
    assert entries(broken) == entries(whole)


@pytest.mark.parametrize("k", [2, 3, 4, 5])
async def test_a_stop_text_is_found_across_the_seam(going: Lab, k: int) -> None:
    """What an engine that died had held back is written again, and held back again."""
    before, stop = expected_text(MESSAGES, 3), expected_text(MESSAGES, 6)[len(expected_text(MESSAGES, 3)) : -1]
    struck = going.struck
    going.push(Fault(name="close", k=k))
    answer = seen(await going.ask(stream=True, model="pair", stop=[stop], max_tokens=20))
    assert going.struck == struck + 1
    assert (answer.text, answer.finish_reasons, answer.error) == (before, ("stop",), None)


async def test_text_completions_go_on(going: Lab) -> None:
    """Behind their prompt."""
    going.push(Fault(name="close", k=K), Fault(name="cut", k=K))
    body = {
        "model": "pair",
        "prompt": "hello",
        "max_tokens": 12,
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    async with await RawClient.connect(going.gateway.url) as client:
        await client.send(request_bytes("/v1/completions", body, headers={"authorization": f"Bearer {KEY}"}))
        events = chunks(await client.response(timeout_s=20))
    assert "".join(choice["text"] for event in events for choice in event["choices"]) == expected_text(MESSAGES, 12)
    assert (usage(events)["prompt_tokens"], usage(events)["completion_tokens"]) == (2, 12)


async def test_a_client_s_own_beginning_is_gone_on_with(going: Lab) -> None:
    """It is told to each engine, and never said."""
    messages = [*MESSAGES, {"role": "assistant", "content": "Well, "}]
    whole = seen(await going.ask(stream=True, model="pair", messages=messages, max_tokens=12))
    broken = seen(await broken_twice(going, Fault(name="close", k=K), messages=messages, max_tokens=12))
    assert (broken.text, broken.usage, broken.error) == (whole.text, whole.usage, None)


@pytest.mark.parametrize(
    ("path", "kind"), [("/v1/responses", "response.output_text.delta"), ("/v1/messages", "content_block_delta")]
)
async def test_responses_and_messages_go_on(going: Lab, path: str, kind: str) -> None:
    """In one piece of their own events, with one id, and the counts of an answer that never broke."""
    going.push(Fault(name="close", k=K), Fault(name="cut", k=K))
    body = {"model": "pair", "input": "hello", "messages": list(MESSAGES), "max_tokens": 12, "stream": True}
    async with await RawClient.connect(going.gateway.url) as client:
        await client.send(request_bytes(path, body, headers={"authorization": f"Bearer {KEY}"}))
        events = [json.loads(event) for event in (await client.response(timeout_s=20)).events()]
    pieces = [event["delta"] for event in events if event["type"] == kind]
    texts = [piece if isinstance(piece, str) else piece["text"] for piece in pieces]
    assert "".join(texts) == expected_text(MESSAGES, 12)
    last = next(event for event in reversed(events) if "usage" in event.get("response", event))
    told = last.get("response", last)["usage"]
    prompt = plan_answer({"messages": list(MESSAGES)}, FOLLOWING, number=0, created=0).prompt_tokens
    assert (told["input_tokens"], told["output_tokens"]) == (prompt, 12)
