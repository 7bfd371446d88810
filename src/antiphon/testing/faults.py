"""The faults that the engine can be told to have: their names, their knobs, and how a request asks for one.

Pure: what a fault does to the bytes is in `events.py` and `player.py`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal, TypeVar, get_args

import msgspec
from msgspec import Struct

FaultName = Literal[
    "close", "reset", "freeze", "exit", "cut", "end_early", "stream_error", "garbage", "huge_line", "bad_chunking",
    "chatter",
    "status", "empty_body", "header_flood", "slow_headers", "informational", "slow", "one_byte",
    "endless", "endless_whitespace", "wrong_model", "lying_usage", "no_usage", "usage_each_chunk",
    "no_finish", "no_done", "double_done", "after_done", "wrong_index", "bare", "extra_fields", "sse_dialect",
    "data_lines",
    "wrong_length", "compressed", "keepalive_race", "close_idle",
]  # fmt: skip
FAULT_NAMES: tuple[FaultName, ...] = get_args(FaultName)
Shape = Literal["object", "string", "detail", "html", "text", "trace", "empty"]
GarbageKind = Literal["json", "html", "binary", "encoding", "long", "short", "size", "crlf", "overflow"]
Route = Literal["chat", "text", "embeddings", "models", "health", "tokenize"]
Form = TypeVar("Form")
MARKER = re.compile(r"\[\[(fault:(?P<name>\w{1,40})|answer)(?P<knobs>( \w{1,20}=[^\s\]]{1,40}){0,8})\]\]")

MEANINGS: Mapping[FaultName, str] = MappingProxyType(
    {
        "close": "closes the connection after k tokens, without ending the body",
        "reset": "resets the TCP connection after k tokens",
        "freeze": "goes silent after k tokens, for delay_s and then on, or for ever when delay_s is 0",
        "exit": "the process dies after k tokens, as by a poison prompt",
        "cut": "closes the connection in the middle of a JSON text after k tokens",
        "end_early": "ends the body cleanly after k tokens: no finish_reason, no [DONE]",
        "stream_error": "an error object inside a 200, then [DONE] in a stream, as vLLM does",
        "garbage": "writes bytes of the given kind (json, html, binary, encoding) after k tokens, then goes on",
        "huge_line": "one line of size_bytes after k tokens, made while it is sent",
        "bad_chunking": "breaks the chunked encoding (kind size, crlf or overflow) after k tokens, then closes",
        "chatter": "only comments (blank lines in a plain body) each delay_s (0.05 s when it is 0) after k tokens",
        "status": "answers with `status`, a body of `shape`, and Retry-After or Location when given",
        "empty_body": "200 with nothing in the body",
        "header_flood": "size_bytes of response headers",
        "slow_headers": "the response head comes one byte each delay_s (0.1 s when it is 0)",
        "informational": "k informational responses (100, 102, 103) before the answer, at least one",
        "slow": "delay_s before each token",
        "one_byte": "each byte of the body in a chunk and a write of its own",
        "endless": "tokens past max_tokens without an end (ten times too many when not streamed)",
        "endless_whitespace": "spaces without an end after the answer (ten times too many when not streamed)",
        "wrong_model": "names another model in the answer",
        "lying_usage": "usage times `factor`",
        "no_usage": "no usage though it was asked for",
        "usage_each_chunk": "running usage on every chunk",
        "no_finish": "finish_reason stays null to the end, then [DONE]",
        "no_done": "a finished stream without [DONE]",
        "double_done": "[DONE] twice",
        "after_done": "more tokens after [DONE]",
        "wrong_index": "choices with an index that was never asked for",
        "bare": "only the fields that nobody can do without",
        "extra_fields": "nulls and unknown fields everywhere, finish_reason on the last token, as vLLM does",
        "sse_dialect": "comments, event and id lines, CRLF, no space after the colon",
        "data_lines": "the JSON of each event over several data lines, which the standard joins",
        "wrong_length": "a content-length too long, or too short (kind short)",
        "compressed": "a gzip body that nobody asked for",
        "keepalive_race": "answers well, then resets the connection when the next request comes on it",
        "close_idle": "answers well, then closes the kept connection after delay_s, unannounced",
    }
)


class Fault(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One fault. `k` counts tokens sent before it strikes: 0 is after the head, -1 before it."""

    name: FaultName
    k: int = 0
    delay_s: float = 0.0
    status: int = 500
    shape: Shape = "object"
    retry_after_s: int | None = None
    location: str | None = None
    kind: GarbageKind = "json"
    size_bytes: int = 100_000_000
    factor: int = 10
    route: Route = "chat"


class Order(Struct, frozen=True, forbid_unknown_fields=True):
    """What a request's `[[answer …]]` marker asks of a good answer; None leaves the engine's own habit."""

    tokens: int | None = None
    delay_s: float | None = None
    reasoning: int = 0
    calls: int = 0


def marked_fault(text: str) -> Fault | None:
    """The fault that `[[fault:NAME k=3 delay_s=0.5]]` in a message asks for; ValueError when it is misspelt."""
    for found in MARKER.finditer(text):
        if found["name"]:
            return parse_fault(found["name"] + found["knobs"])
    return None


def marked_order(text: str) -> Order:
    """The answer that `[[answer tokens=200 delay_s=0.01]]` in a message asks for; ValueError when misspelt."""
    for found in MARKER.finditer(text):
        if not found["name"]:
            return _convert(_knobs(found["knobs"]), Order)
    return Order()


def parse_fault(text: str) -> Fault:
    """A fault from `NAME k=3 delay_s=0.5`, as headers and markers write it; ValueError when it is misspelt."""
    name, _, knobs = text.strip().partition(" ")
    return _convert({"name": name, **_knobs(knobs)}, Fault)


def _knobs(text: str) -> dict[str, str]:
    """`k=3 delay_s=0.5` as a dictionary."""
    return dict(knob.split("=", 1) for knob in text.split())


def _convert(values: dict[str, str], form: type[Form]) -> Form:
    """Strings turned into a struct's numbers."""
    return msgspec.convert(values, form, strict=False)
