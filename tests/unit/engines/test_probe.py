"""What a server is, by what it answers, and whether it knows tools."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest

from antiphon.engines import ModelFacts
from antiphon.engines.kinds import EngineKind, kind
from antiphon.engines.probe import native_tools, recognise, thought
from antiphon.engines.thought import Thought
from antiphon.testing.faults import Fault
from tests.unit.engines.connected import connected

FACTS = ModelFacts("fault-model")


@pytest.mark.parametrize(
    ("answers", "name"),
    [
        ({"/props": b"{}"}, "llama.cpp"),
        ({"/get_model_info": b"{}"}, "sglang"),
        ({"/api/version": b'{"version": "1"}'}, "ollama"),
        ({"/version": b'{"version": "1"}'}, "vllm"),
        ({"/version": b"{}", "/props": b"{}"}, "llama.cpp"),
        ({"/props": b"<html>", "/version": b"{}"}, "vllm"),
        ({"/props": b"\xff"}, "openai"),
        ({"/props": b"[]"}, "openai"),
        ({}, "openai"),
    ],
)
async def test_a_server_is_known_by_its_own_address(answers: dict[str, bytes], name: str) -> None:
    """The first address that answers with an object decides; a page for everything is none."""

    async def get(path: str) -> bytes | None:
        return answers.get(path)

    assert (await recognise(get)).name == name


@pytest.mark.parametrize("told", [True, False])
async def test_llamacpp_is_believed(told: bool) -> None:
    """It says so itself, so that nothing is asked."""
    async with connected("llama.cpp") as (engine, server):
        assert await native_tools(engine, ModelFacts("fault-model", native_tools=told)) is told
        assert server.requests == []


@pytest.mark.parametrize("name", ["openai", "ollama", "sglang"])
async def test_others_are_taken_at_their_word(name: str) -> None:
    """Nothing is asked of them."""
    async with connected(name) as (engine, server):
        assert await native_tools(engine, FACTS)
        assert server.requests == []


async def test_vllm_whose_template_shows_no_tools_has_none() -> None:
    """Definitions that do not lengthen the prompt are lost; the engine is not asked to generate."""
    async with connected("vllm") as (engine, server):
        assert not await native_tools(engine, FACTS)
        assert server.requests == []


async def test_vllm_that_cannot_count_has_none() -> None:
    """What cannot be told is not relied on."""
    async with connected("vllm") as (engine, server):
        server.push(Fault("status", status=404, route="tokenize"), Fault("status", status=404, route="tokenize"))
        assert not await native_tools(engine, FACTS)
        assert server.requests == []


EMPTY = "<think>\n\n</think>\n\n"


class Server:
    """Answers from a table; `rendered` are the prompts for thinking on and off, put out as its kind does."""

    def __init__(self, name: str, answers: Mapping[str, bytes], rendered: tuple[str, str] | None = None) -> None:
        self._kind = kind(name)
        self._answers = answers
        self._rendered = rendered

    @property
    def kind(self) -> EngineKind:
        """As the test wants it."""
        return self._kind

    async def get(self, path: str) -> bytes | None:
        """The answer of that address."""
        return self._answers.get(path)

    async def post(self, path: str, body: bytes) -> bytes | None:
        """The prompt for the switch in the body, or the answer of that address."""
        if path not in ("/apply-template", "/tokenize") or self._rendered is None:
            return self._answers.get(path)
        prompt = self._rendered[not json.loads(body)["chat_template_kwargs"]["enable_thinking"]]
        if self.kind.name == "llama.cpp":
            return json.dumps({"prompt": prompt}).encode()
        return json.dumps({"count": len(prompt), "tokens": [], "token_strs": list(prompt.replace("\n", "Ċ"))}).encode()


async def test_llamacpp_thinks_as_its_template_says() -> None:
    """It bounds thoughts itself, and a grammar binds them too."""
    server = Server("llama.cpp", {"/props": b"{}"}, ("user<think>\n", "user" + EMPTY))
    assert await thought(server, "m") == Thought("<think>", "</think>", opened=True, bounded_by="engine")


@pytest.mark.parametrize(
    ("props", "expected"),
    [
        (b'{"chat_template": "</think>"}', Thought("<think>", "</think>", switched=False, bounded_by="engine")),
        (b'{"chat_template_caps": {"supports_reasoning_effort": true}}', Thought(switched=False, bounded_by="engine")),
        (b"{}", None),
    ],
)
async def test_llamacpp_whose_prompts_are_alike(props: bytes, expected: Thought | None) -> None:
    """Its template's text may still tell."""
    assert await thought(Server("llama.cpp", {"/props": props}, ("user", "user")), "m") == expected


@pytest.mark.parametrize(("answers", "bounded"), [({"/v1/chat/completions": b"{}"}, "engine"), ({}, None)])
async def test_vllm_bounds_what_its_parser_finds(answers: dict[str, bytes], bounded: str | None) -> None:
    """Without a parser it refuses the bound; its grammars begin after the thought."""
    server = Server("vllm", answers, ("user<think>\n", "user" + EMPTY))
    told = await thought(server, "m")
    assert told is not None
    assert (told.opened, told.bounded_by, told.constrained) == (True, bounded, False)


@pytest.mark.parametrize("rendered", [None, ("user", "user")])
async def test_vllm_that_shows_no_difference_does_not_think(rendered: tuple[str, str] | None) -> None:
    """Nor one that shows nothing; neither is asked to generate."""
    assert await thought(Server("vllm", {"/v1/chat/completions": b"{}"}, rendered), "m") is None


@pytest.mark.parametrize(
    ("info", "expected"),
    [
        (b"{}", None),
        (b'{"reasoning_parser": "gpt-oss"}', Thought(constrained=False)),
        (
            b'{"reasoning_parser": "qwen3"}',
            Thought("<think>", "</think>", bounded_by="gateway", constrained=False),
        ),
        (
            b'{"reasoning_parser": "qwen3", "enable_strict_thinking": true}',
            Thought("<think>", "</think>", bounded_by="engine", constrained=False),
        ),
    ],
)
async def test_sglang_tells_how_it_was_started(info: bytes, expected: Thought | None) -> None:
    """Only a strict one keeps a bound; for the others the gateway does."""
    assert await thought(Server("sglang", {"/get_server_info": info}), "m") == expected


@pytest.mark.parametrize(("capabilities", "thinks"), [(["completion", "thinking"], True), (["completion"], False)])
async def test_ollama_names_what_a_model_can(capabilities: list[str], thinks: bool) -> None:
    """Thinking is one of its capabilities."""
    server = Server("ollama", {"/api/show": json.dumps({"capabilities": capabilities}).encode()})
    assert await thought(server, "m") == (Thought(constrained=False) if thinks else None)


@pytest.mark.parametrize("name", ["llama.cpp", "vllm", "sglang", "ollama", "openai"])
async def test_a_server_that_answers_nothing_tells_nothing(name: str) -> None:
    """As one that is down."""
    assert await thought(Server(name, {}), "m") is None
