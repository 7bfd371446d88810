"""A real engine goes on inside a begun document: it gets the prefix as a prefill and the remainder as its grammar."""

from __future__ import annotations

import contextlib
import http.client
import json
import random
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any  # requests, answers and schemas are plain JSON
from urllib.parse import urlsplit

import pytest

from antiphon.structured.grammar import compile_schema
from antiphon.structured.remainder import remainder
from antiphon.structured.validate import validate
from tests.conformance.engines import model_file
from tests.conformance.processes import announced, running
from tests.unit.structured import llama_server
from tests.unit.structured.gbnf_reader import Gbnf

SEED = 3
CUTS = 30
TOKENS_MAX = 400  # more than the longest text that any of the schemas allows


def object_of(**properties: Any) -> Any:
    """The schema of an object that has exactly these properties."""
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


WORD: Any = {"type": "string", "maxLength": 12}
COUNT: Any = {"type": "integer", "minimum": -999, "maximum": 999}
SCHEMAS: list[Any] = [
    object_of(name=WORD, age=COUNT),
    object_of(kind={"enum": ["fox", "forest", 'f"\\/ox']}, ok={"type": "boolean"}),
    object_of(day={"type": "string", "format": "date"}, code={"type": "string", "pattern": "^[A-Z]{2}-[0-9]{3}$"}),
    {"type": "array", "items": object_of(x={"type": "number"}), "minItems": 1, "maxItems": 3},
    {"type": "array", "items": {"anyOf": [COUNT, WORD, {"type": "null"}]}, "maxItems": 3},
    {"anyOf": [object_of(k={"const": "a"}, n=COUNT), object_of(k={"const": "ab"}, w=WORD)]},
]


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a bare llama.cpp server."""
    log = tmp_path_factory.mktemp("engine") / "log"
    command = [sys.executable, str(Path(llama_server.__file__)), str(model_file())]
    with running(command, log) as process:
        yield announced(process, log, within_s=60)["url"]


def continued(engine: str, prefix: str, grammar: str, *, seed: int, tokens_max: int = TOKENS_MAX) -> tuple[str, str]:
    """The finish reason, and what the engine wrote behind `prefix`; hot, so that it keeps to nothing by itself.

    Streamed, because only then llama.cpp does not say the prefix again.
    """
    messages = [{"role": "user", "content": "Some JSON, please."}, {"role": "assistant", "content": prefix}]
    fields = {"messages": messages, "grammar": grammar, "max_tokens": tokens_max, "seed": seed}
    body = json.dumps(fields | {"temperature": 1.0, "stream": True})
    text, reason = "", ""
    connection = http.client.HTTPConnection(urlsplit(engine).netloc, timeout=100)
    with contextlib.closing(connection):
        connection.request("POST", "/v1/chat/completions", body, {"Content-Type": "application/json"})
        with connection.getresponse() as response:
            assert response.status == 200, response.read()
            for line in response:
                if line.startswith(b"data: {"):
                    choice = json.loads(line[6:])["choices"][0]
                    text += choice["delta"].get("content") or ""
                    reason = choice["finish_reason"] or reason
    return reason, text


def begun(count: int) -> list[tuple[Any, str, str]]:
    """Schemas, prefixes that were cut at random, and the grammars of what may follow."""
    randomness = random.Random(SEED)
    cases = []
    for number in range(count):
        schema = SCHEMAS[number % len(SCHEMAS)]
        grammar = compile_schema(schema, param="schema").grammar
        text = Gbnf.read(grammar).draw(randomness)
        prefix = text[: randomness.randint(1, len(text))]
        cases.append((schema, prefix, remainder(grammar, prefix, param="messages")))
    return cases


def test_every_cut_is_completed(engine: str) -> None:
    """Prefix and answer together are valid by the schema; nothing of the prefix is said again."""
    cases = begun(CUTS)

    def run(numbered: tuple[int, tuple[Any, str, str]]) -> tuple[str, str]:
        seed, (_, prefix, grammar) = numbered
        return continued(engine, prefix, grammar, seed=seed)

    with ThreadPoolExecutor(llama_server.PARALLEL) as threads:
        answers = list(threads.map(run, enumerate(cases)))
    for (schema, prefix, _), (reason, text) in zip(cases, answers, strict=True):
        assert reason == "stop", (SEED, prefix, text)
        validate(prefix + text, schema)


def test_a_complete_text_is_left_as_it_is(engine: str) -> None:
    """An empty remainder is a grammar that the engine takes: it says nothing more."""
    grammar = remainder(compile_schema(SCHEMAS[0], param="schema").grammar, '{"name": "Zoe", "age": 30}', param="m")
    assert continued(engine, '{"name": "Zoe", "age": 30}', grammar, seed=SEED) == ("stop", "")


def test_a_text_that_may_end_or_go_on(engine: str) -> None:
    """The engine may stop at once or add digits, and nothing else."""
    grammar = remainder(compile_schema(COUNT, param="schema").grammar, "12", param="messages")
    for seed in range(3):
        reason, text = continued(engine, "12", grammar, seed=seed)
        assert reason == "stop"
        validate("12" + text, COUNT)


def test_hundreds_of_open_brackets(engine: str) -> None:
    """A remainder of many parts is still a grammar that the engine takes."""
    schema = {"$defs": {"list": {"type": "array", "items": {"$ref": "#/$defs/list"}}}, "$ref": "#/$defs/list"}
    prefix = "[" * 300
    grammar = remainder(compile_schema(schema, param="schema").grammar, prefix, param="messages")
    reason, text = continued(engine, prefix, grammar, seed=SEED, tokens_max=40)  # each costs the engine long
    assert reason in ("stop", "length")
    assert text
    assert Gbnf.read(grammar).begins(text)
