"""The documented form of OpenAI's responses, plain and as a stream of numbered events."""

from __future__ import annotations

from typing import Any, Literal

import msgspec
from msgspec import UNSET, Struct, UnsetType

from tests.unit.completions.dialects.documented import Meaning, Read, Thought, read


class Token(Struct):
    """A token and its log-probability."""

    token: str
    logprob: float
    bytes: list[int]


class ListedToken(Token):
    """The same with the likeliest tokens in its place."""

    top_logprobs: list[Token]


class OutputText(Struct, tag="output_text", tag_field="type"):
    """A part of a message."""

    text: str
    annotations: list[str]
    logprobs: list[ListedToken]


class SummaryText(Struct, tag="summary_text", tag_field="type"):
    """A part of a summary."""

    text: str


class ReasoningText(Struct, tag="reasoning_text", tag_field="type"):
    """A part of a thought."""

    text: str


class Message(Struct, tag="message", tag_field="type"):
    """What was said."""

    id: str
    status: Literal["in_progress", "completed", "incomplete"]
    role: Literal["assistant"]
    content: list[OutputText]


class Reasoning(Struct, tag="reasoning", tag_field="type"):
    """What was thought."""

    id: str
    summary: list[SummaryText]
    content: list[ReasoningText] | UnsetType = UNSET


class FunctionCall(Struct, tag="function_call", tag_field="type"):
    """What is to be called."""

    id: str
    status: Literal["in_progress", "completed", "incomplete"]
    call_id: str
    name: str
    arguments: str


Item = Message | Reasoning | FunctionCall


class InputTokens(Struct):
    """The prompt's tokens, told apart."""

    cached_tokens: int
    cache_write_tokens: int


class Usage(Struct):
    """The counts."""

    input_tokens: int
    input_tokens_details: InputTokens
    output_tokens: int
    output_tokens_details: Thought
    total_tokens: int


class Incomplete(Struct):
    """Why it is not whole."""

    reason: Literal["max_output_tokens", "content_filter"]


class Response(Struct):
    """A response; of what it says of the request any JSON is taken here."""

    id: str
    object: Literal["response"]
    created_at: int
    status: Literal["in_progress", "completed", "incomplete", "failed"]
    background: Literal[False]
    error: dict[str, str] | None
    incomplete_details: Incomplete | None
    instructions: str | None
    max_output_tokens: int | None
    max_tool_calls: None
    metadata: dict[str, str]
    model: str
    output: list[Item]
    parallel_tool_calls: bool
    previous_response_id: str | None
    reasoning: Any
    service_tier: str
    store: bool
    temperature: float
    text: Any
    tool_choice: Any
    tools: list[Any]
    top_logprobs: int
    top_p: float
    truncation: Literal["auto", "disabled"]
    usage: Usage | None
    user: str | None


def responses(body: bytes, exact: bool) -> Meaning:
    """What a response means."""
    return _meaning(read(body, Response, exact=exact))


def responses_stream(body: bytes, exact: bool) -> Meaning:
    """What a stream means: its last event holds the whole response, and the pieces add up to the same."""
    told = events(body)
    assert [one["sequence_number"] for one in told] == list(range(len(told)))
    first, second, *pieces, last = told
    assert (first["type"], second["type"]) == ("response.created", "response.in_progress")
    whole = read(msgspec.json.encode(last["response"]), Response, exact=exact)
    assert last["type"] == f"response.{whole.status}"
    added: dict[int, Any] = {}
    grown: dict[int, str] = {}
    done: dict[int, Any] = {}
    for one in pieces:
        index = one["output_index"]
        assert index not in done, "a piece after the end"
        if one["type"] == "response.output_item.added":
            added[index], grown[index] = one["item"], ""
        elif one["type"].endswith(".delta"):
            assert one["item_id"] == added[index]["id"]
            grown[index] += one["delta"]
        elif one["type"] == "response.output_item.done":
            done[index] = one["item"]
            assert done[index]["id"] == added[index]["id"]
    assert list(done.values()) == last["response"]["output"]
    assert [_said(item) for item in whole.output] == [grown[index] for index in sorted(grown)]
    return _meaning(whole)


def events(body: bytes) -> list[dict[str, Any]]:
    """The payloads of named events; each is named as its payload says."""
    *whole, rest = body.split(b"\n\n")
    assert rest == b""
    told = []
    for one in whole:
        name, _, data = one.partition(b"\n")
        payload = msgspec.json.decode(data.removeprefix(b"data: "), type=dict[str, Any])
        assert name == b"event: " + payload["type"].encode()
        told.append(payload)
    return told


def _said(item: Item) -> str:
    if isinstance(item, FunctionCall):
        return item.arguments
    parts = item.content if isinstance(item, Message) else item.content or item.summary
    return "".join(part.text for part in parts)


def _meaning(whole: Response) -> Meaning:
    assert whole.usage
    assert whole.usage.total_tokens == whole.usage.input_tokens + whole.usage.output_tokens
    said = Read(finish="stop")
    for item in whole.output:
        if isinstance(item, FunctionCall):
            said.calls += ((item.call_id, item.name, item.arguments),)
            said.finish = "tool_calls"
        elif isinstance(item, Reasoning):
            said.reasoning += _said(item)
        else:
            said.text += _said(item)
            said.logprobs += tuple((one.token, one.logprob) for part in item.content for one in part.logprobs)
    if whole.incomplete_details is not None:
        said.finish = {"max_output_tokens": "length"}.get(whole.incomplete_details.reason, "content_filter")
    return Meaning({0: said}, (whole.usage.input_tokens, whole.usage.output_tokens))
