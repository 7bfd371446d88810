"""A real engine samples by our grammars: every answer that it finishes is valid.

A part of the schemas by default; all of them, and the public suite, with ANTIPHON_SCHEMAS=all (minutes; fetch the
suite first by `python -m tests.unit.structured.public_suite`).
"""

from __future__ import annotations

import contextlib
import http.client
import itertools
import json
import os
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any  # requests, answers and schemas are plain JSON
from urllib.parse import urlsplit

import pytest

from antiphon.chat import Message, ResponseFormat, Tool, ToolCallDelta
from antiphon.errors import BadRequest
from antiphon.structured.grammar import compile_schema, json_object_grammar
from antiphon.structured.validate import validate
from antiphon.tools.grammar import tool_grammar
from antiphon.tools.parse import Piece, ToolCallParser
from antiphon.tools.prompt import with_tools
from tests.conformance.engines import model_file
from tests.conformance.processes import announced, running
from tests.unit.structured import llama_server, public_suite
from tests.unit.structured.schemas import all_schemas

EVERYTHING = os.environ.get("ANTIPHON_SCHEMAS") == "all"
EVERY_NTH = 12
TOKENS_MAX = 256 if EVERYTHING else 96
PARALLEL = llama_server.PARALLEL


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a bare llama.cpp server."""
    log = tmp_path_factory.mktemp("engine") / "log"
    command = [sys.executable, str(Path(llama_server.__file__)), str(model_file())]
    with running(command, log) as process:
        yield announced(process, log, within_s=60)["url"]


@contextlib.contextmanager
def ask(engine: str, fields: dict[str, Any]) -> Iterator[http.client.HTTPResponse]:
    """The answer to one chat request; hot, so that the model itself would not keep to anything."""
    connection = http.client.HTTPConnection(urlsplit(engine).netloc, timeout=300)
    with contextlib.closing(connection):
        body = json.dumps({"temperature": 1.0} | fields)
        connection.request("POST", "/v1/chat/completions", body, {"Content-Type": "application/json"})
        with connection.getresponse() as response:
            yield response


def answer(engine: str, prompt: str, grammar: str, *, seed: int) -> tuple[str, str]:
    """The finish reason and the text."""
    messages = [{"role": "user", "content": prompt}]
    with ask(engine, {"messages": messages, "grammar": grammar, "max_tokens": TOKENS_MAX, "seed": seed}) as response:
        body = json.loads(response.read())
        assert response.status == 200, body
    choice = body["choices"][0]
    return choice["finish_reason"], choice["message"]["content"] or ""


def chosen() -> list[tuple[str, Any, str]]:
    """Name, schema and grammar of what is tried."""
    schemas: list[tuple[str, Any]] = list(all_schemas().items())
    if EVERYTHING:
        suite = public_suite.cases("draft2020-12")
        assert suite, "fetch the public suite first"
        schemas += [(case.name, case.schema) for case in suite]
    compiled: list[tuple[str, Any, str]] = []
    for name, schema in schemas if EVERYTHING else schemas[::EVERY_NTH]:
        try:
            compiled.append((name, schema, compile_schema(schema, param="schema").grammar))
        except BadRequest:
            assert name.startswith("draft"), name  # the suite also holds what no grammar can keep
    return compiled


@pytest.mark.timeout(3600 if EVERYTHING else 600)
def test_finished_answers_are_valid(engine: str) -> None:
    """At temperature 1 every answer that ends by itself is valid by its schema, and most end."""
    tried = chosen()

    def run(numbered: tuple[int, tuple[str, Any, str]]) -> tuple[str, str]:
        seed, (_, schema, grammar) = numbered
        prompt = f"Write a short JSON value for this schema: {json.dumps(schema)[:600]}"
        return answer(engine, prompt, grammar, seed=seed)

    with ThreadPoolExecutor(PARALLEL) as threads:
        answers = list(threads.map(run, enumerate(tried)))
    finished = [(entry, text) for entry, (reason, text) in zip(tried, answers, strict=True) if reason == "stop"]
    for (_, schema, _), text in finished:
        validate(text, schema)
    assert len(finished) > 0.6 * len(tried), f"{len(finished)} of {len(tried)} ended"


def test_any_json_object(engine: str) -> None:
    """`json_object` gives an object each time that the answer ends."""
    texts = [answer(engine, "Describe a fox as JSON, in brief.", json_object_grammar(), seed=seed) for seed in range(4)]
    for reason, text in texts:
        if reason == "stop":
            assert isinstance(json.loads(text), dict)
    assert any(reason == "stop" for reason, _ in texts)


def tool(name: str, *required: str, **properties: dict[str, Any]) -> Tool:
    """A tool with these parameters."""
    parameters = {"type": "object", "properties": properties, "required": list(required)}
    return Tool(name, f"The function {name.replace('_', ' ')}.", parameters)


def tool_sets() -> list[tuple[Tool, ...]]:
    """Ten sets of tools, of one to three functions each."""
    text, count = {"type": "string", "maxLength": 40}, {"type": "integer", "minimum": 0, "maximum": 1000}
    weather = tool("get_weather", "city", city=text, unit={"enum": ["celsius", "fahrenheit"]})
    return [
        (weather,),
        (weather, Tool("now")),
        (tool("add", "a", "b", a={"type": "number"}, b={"type": "number"}), tool("negate", "x", x={"type": "number"})),
        (tool("send_mail", "to", to={"type": "string", "format": "email"}, subject=text),),
        (tool("book", "day", day={"type": "string", "format": "date"}, guests=count), tool("cancel", "id", id=count)),
        (
            tool(
                "search", "query", query=text, tags={"type": "array", "items": {"enum": ["new", "old"]}, "maxItems": 2}
            ),
        ),
        (
            tool("set_light", "on", on={"type": "boolean"}, room={"enum": ["kitchen", "hall"]}),
            tool("set_heat", level=count),
        ),
        (tool("move", "to", to={"type": "array", "items": count, "minItems": 2, "maxItems": 2}),),
        (tool("translate", "text", "to", text=text, to={"type": "string", "pattern": "^[a-z]{2}$"}),),
        (Tool("ping"), Tool("stop_all"), tool("open-file", "path", path={"type": "string", "maxLength": 30})),
    ]


TASKS = (
    "What is the weather in Rome?",
    "Please do something useful for me today.",
    "Tom, 4 people, 3 May, tom@example.com, the kitchen.",
    "Bonjour, traduis 'fox' et ouvre la lumière.",
    "2 + 40 = ?",
)


def streamed(engine: str, messages: tuple[Message, ...], grammar: str, *, seed: int) -> tuple[str, list[Piece]]:
    """The finish reason, and what the parser makes of the stream."""
    turns = [{"role": message.role, "content": message.content} for message in messages]
    body = {"messages": turns, "grammar": grammar, "max_tokens": 400, "seed": seed, "stream": True}
    numbers = itertools.count()
    parser = ToolCallParser(lambda: f"call_{next(numbers)}")
    pieces: list[Piece] = []
    reason = ""
    with ask(engine, body) as response:
        for line in response:
            if line.startswith(b"data: {"):
                choice = json.loads(line[6:])["choices"][0]
                pieces += parser.feed(choice["delta"].get("content") or "")
                reason = choice["finish_reason"] or reason
    pieces += parser.finish(cut=reason == "length")
    return reason, pieces


@pytest.mark.timeout(600)
def test_required_calls_are_valid(engine: str) -> None:
    """Prompts that must be answered by calls: all calls are known and valid.

    Each set of tools has one task by default, and all five in `make conformance`.
    """
    asked = [(tools, TASKS if EVERYTHING else (task,)) for tools, task in zip(tool_sets(), itertools.cycle(TASKS))]
    prompts = [(tools, task) for tools, tasks in asked for task in tasks]
    count = len(prompts) // len(asked)

    def run(first: int) -> list[tuple[str, list[Piece]]]:
        """The answers to all tasks with one set of tools, in order: the engine reads their beginning only once."""
        answers = []
        for seed, (tools, task) in enumerate(prompts[first : first + count], first):
            grammar = tool_grammar(tools, choice="required", parallel=seed % 10 == 0, response_format=ResponseFormat())
            assert grammar is not None
            turns = with_tools([Message("user", task)], tools, "required")
            answers.append(streamed(engine, turns, grammar, seed=seed))
        return answers

    with ThreadPoolExecutor(PARALLEL) as threads:
        runs = threads.map(run, range(0, len(prompts), count))
        answers = list(itertools.chain.from_iterable(runs))
    finished = 0
    for (tools, task), (reason, pieces) in zip(prompts, answers, strict=True):
        calls = reassembled(pieces)
        finished += reason == "stop"
        assert reason in ("stop", "length")
        assert reason == "length" or calls, task
        schemas = {each.name: each.parameters or {"type": "object", "maxProperties": 0} for each in tools}
        for name, arguments in calls if reason == "stop" else calls[:-1]:
            validate(arguments, schemas[name])
    assert finished >= 0.9 * len(prompts), f"{finished} of {len(prompts)} ended"


def reassembled(pieces: list[Piece]) -> list[tuple[str, str]]:
    """Name and arguments of each call; a piece of text beside forced calls is an error."""
    calls: list[tuple[str, str]] = []
    for piece in pieces:
        assert isinstance(piece, ToolCallDelta), piece
        if piece.name is not None:
            assert (piece.index, piece.id) == (len(calls), f"call_{len(calls)}")
            calls.append((piece.name, ""))
        calls[piece.index] = (calls[piece.index][0], calls[piece.index][1] + piece.arguments)
    return calls
