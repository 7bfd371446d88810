"""What is sent: golden bodies for each kind of engine."""

from __future__ import annotations

import json
from typing import Any

import pytest
from msgspec.structs import replace

from antiphon.chat import (
    Image,
    Message,
    NamedTool,
    ResponseFormat,
    Sampling,
    Text,
    Tool,
    ToolCall,
)
from antiphon.engines import Job, wire
from antiphon.engines.kinds import kind
from antiphon.engines.thought import OFF, Thinking

WireObject = dict[str, Any]  # Any: a body of the wire, any JSON
HI = Message("user", "Hi")
PLAIN = Job("m", (HI,), Sampling())
FULL = Job(
    "m",
    (HI, Message("assistant", "So")),
    Sampling(
        max_tokens=9, temperature=0.0, top_p=0.0, top_k=-1, min_p=0.1, frequency_penalty=0.5, presence_penalty=-0.5,
        repetition_penalty=1.1, seed=0, logit_bias={"5": -100.0}, stop=("x",), logprobs=True,
    ),
    tools=(Tool("f", "does", {"type": "object"}), Tool("g", strict=True)),
    tool_choice=NamedTool("f"),
    parallel_tool_calls=False,
    grammar='root ::= "a"',
    response_format=ResponseFormat("json_schema", schema={"type": "object"}),
)  # fmt: skip
COMMON: WireObject = {
    "model": "m",
    "messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "So"}],
    "stream": True,
    "stream_options": {"include_usage": True},
    "temperature": 0.0,
    "frequency_penalty": 0.5,
    "presence_penalty": -0.5,
    "seed": 0,
    "logit_bias": {"5": -100.0},
    "stop": ["x"],
    "logprobs": True,
    "tool_choice": {"type": "function", "function": {"name": "f"}},
    "parallel_tool_calls": False,
}
FORMAT = {
    "type": "json_schema",
    "json_schema": {"name": "answer", "schema": {"type": "object"}, "strict": True},
}
FLAGS = {"continue_final_message": True, "add_generation_prompt": False}
OWN: dict[str, WireObject] = {
    "llama.cpp": {
        "max_tokens": 9, "top_p": 0.0, "top_k": 1, "min_p": 0.1, "repeat_penalty": 1.1, "top_logprobs": 1,
        "grammar": 'root ::= "a"', "return_progress": True, "stop": None, "timings_per_token": True,
    },
    "vllm": {
        "max_tokens": 9, "top_p": 1e-6, "top_k": 0, "min_p": 0.1, "repetition_penalty": 1.1, "top_logprobs": 0,
        "structured_outputs": {"grammar": 'root ::= "a"'}, "stop": None,
        "stream_options": {"include_usage": True, "continuous_usage_stats": True}, **FLAGS,
    },
    "sglang": {
        "max_tokens": 9, "top_p": 1e-6, "top_k": -1, "min_p": 0.1, "repetition_penalty": 1.1, "top_logprobs": 0,
        "response_format": FORMAT, **FLAGS,
    },
    "ollama": {"max_tokens": 9, "top_p": 0.0, "top_logprobs": 0, "response_format": FORMAT},
    "openai": {"max_completion_tokens": 9, "top_p": 0.0, "top_logprobs": 0, "response_format": FORMAT},
}  # fmt: skip


def body(job: Job, name: str = "openai", *, stream: bool = False) -> WireObject:
    """The body for an engine of that kind, read again."""
    read: WireObject = json.loads(wire.encode(job, kind(name), stream=stream))
    return read


def tools(*, strict: bool) -> list[WireObject]:
    """The full job's tools; the second is strict by itself."""
    first: WireObject = {"name": "f", "parameters": {"type": "object"}, "description": "does"}
    second: WireObject = {"name": "g", "parameters": {}, "strict": True}
    first |= {"strict": True} if strict else {}
    return [{"type": "function", "function": first}, {"type": "function", "function": second}]


@pytest.mark.parametrize("name", OWN)
def test_the_golden_body_of_each_kind(name: str) -> None:
    """A job with everything becomes exactly these fields, and no other."""
    expected = COMMON | OWN[name] | {"tools": tools(strict=name == "vllm")}
    assert body(FULL, name, stream=True) == {name: value for name, value in expected.items() if value is not None}


@pytest.mark.parametrize(("name", "stream", "sent"), [("llama.cpp", True, False), ("llama.cpp", False, True),
                                                      ("vllm", True, True)])  # fmt: skip
def test_stop_texts_go_to_an_engine_that_cuts_well(name: str, stream: bool, sent: bool) -> None:
    """Else they stay here, and each event is to tell what the answer has taken so far; a plain answer is cut well."""
    written = body(replace(PLAIN, sampling=Sampling(stop=("x",))), name, stream=stream)
    assert ("stop" in written, "timings_per_token" in written) == (sent, not sent)


def test_an_engine_whose_text_holds_calls_is_not_told_of_stop_texts() -> None:
    """Each event is to tell what has been taken, in the engine's own way; one that has none is told of them."""
    asked = replace(PLAIN, sampling=Sampling(stop=("x",)), calls_in_text=True)
    vllm, llama, other = (body(asked, name, stream=True) for name in ("vllm", "llama.cpp", "sglang"))
    assert "stop" not in vllm
    assert vllm["stream_options"] == {"include_usage": True, "continuous_usage_stats": True}
    assert ("stop" in llama, llama["timings_per_token"]) == (False, True)
    assert (other["stop"], other["stream_options"]) == (["x"], {"include_usage": True})


@pytest.mark.parametrize("name", OWN)
def test_what_is_not_asked_for_is_not_sent(name: str) -> None:
    """A plain job is the model and the messages, byte for byte the same for all."""
    expected = b'{"model":"m","messages":[{"role":"user","content":"Hi"}]}'
    assert wire.encode(PLAIN, kind(name), stream=False) == expected


def test_penalties_of_nothing_are_not_sent() -> None:
    """Zero and empty are what engines do by themselves; a temperature of 0 is not."""
    job = replace(PLAIN, sampling=Sampling(frequency_penalty=0.0, presence_penalty=0.0, logit_bias={}, temperature=0))
    assert body(job) == {"model": "m", "messages": [{"role": "user", "content": "Hi"}], "temperature": 0}


def test_a_limit_of_top_k_is_sent_as_it_is() -> None:
    """Only what means no limit is translated."""
    job = replace(PLAIN, sampling=Sampling(top_k=40))
    assert body(job, "vllm")["top_k"] == body(job, "sglang")["top_k"] == 40
    assert "top_k" not in body(job, "openai")


@pytest.mark.parametrize("choice", ["auto", "none", "required"])
def test_a_tool_choice_goes_with_tools_only(choice: Any) -> None:  # Any: a literal that parametrize cannot type
    """Its word is the wire's; without tools there is none."""
    assert body(replace(PLAIN, tools=FULL.tools, tool_choice=choice))["tool_choice"] == choice
    assert "tool_choice" not in body(replace(PLAIN, tool_choice=choice))


@pytest.mark.parametrize(
    ("asked", "sent"),
    [
        (ResponseFormat("json_object"), {"type": "json_object"}),
        (
            ResponseFormat("json_schema", "mine", schema=True),
            {"type": "json_schema", "json_schema": {"name": "mine", "schema": True, "strict": True}},
        ),
    ],
)
def test_a_format_without_a_grammar_is_sent(asked: ResponseFormat, sent: WireObject) -> None:
    """Also to an engine that takes grammars, if there is none."""
    assert body(replace(PLAIN, response_format=asked), "llama.cpp")["response_format"] == sent


@pytest.mark.parametrize(
    ("message", "sent"),
    [
        (Message("user", "x", name="Ada"), {"role": "user", "content": "x", "name": "Ada"}),
        (Message("tool", "42", tool_call_id="c"), {"role": "tool", "content": "42", "tool_call_id": "c"}),
        (
            Message("assistant", None, tool_calls=(ToolCall("c", "f", "{}"),), reasoning="hm"),
            {
                "role": "assistant",
                "content": None,
                "reasoning_content": "hm",
                "tool_calls": [{"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}],
            },
        ),
        (
            Message("user", (Text("see"), Image("data:x")), name="Ada"),
            {
                "role": "user",
                "content": [
                    {"type": "text", "text": "see"},
                    {"type": "image_url", "image_url": {"url": "data:x"}},
                ],
                "name": "Ada",
            },
        ),
    ],
)
def test_each_turn_has_its_wire_form(message: Message, sent: WireObject) -> None:
    """Names, results, calls and images are spelled out as the wire has them."""
    assert body(replace(PLAIN, messages=(message,)))["messages"] == [sent]


ON = {"enable_thinking": True, "thinking": True}
SWITCHED_OFF = {"enable_thinking": False, "thinking": False}
FOR_NINE = Thinking(enabled=True, tokens_max=9, level="low")


@pytest.mark.parametrize(
    ("name", "thinking", "fields"),
    [
        ("llama.cpp", OFF, {"chat_template_kwargs": SWITCHED_OFF}),
        ("vllm", OFF, {"chat_template_kwargs": SWITCHED_OFF}),
        ("sglang", OFF, {"chat_template_kwargs": SWITCHED_OFF}),
        ("ollama", OFF, {"reasoning_effort": "none"}),
        ("openai", OFF, {"reasoning_effort": "none"}),
        (
            "llama.cpp",
            FOR_NINE,
            {"chat_template_kwargs": ON, "reasoning_effort": "low", "thinking_budget_tokens": 9},
        ),
        ("vllm", FOR_NINE, {"chat_template_kwargs": ON, "reasoning_effort": "low", "thinking_token_budget": 9}),
        (
            "sglang",
            FOR_NINE,
            {"chat_template_kwargs": ON, "reasoning_effort": "low", "custom_params": {"thinking_budget": 9}},
        ),
        ("ollama", FOR_NINE, {"reasoning_effort": "low"}),
        ("llama.cpp", Thinking(enabled=True, tokens_max=0), {"chat_template_kwargs": ON, "thinking_budget_tokens": 1}),
        ("vllm", Thinking(enabled=True, tokens_max=0), {"chat_template_kwargs": ON, "thinking_token_budget": 0}),
        ("vllm", Thinking(enabled=True), {"chat_template_kwargs": ON}),
        ("openai", Thinking(enabled=True), {}),
    ],
)
def test_thinking(name: str, thinking: Thinking, fields: WireObject) -> None:
    """Each kind is told in its own fields; with no tokens at all llama.cpp would never end it."""
    plain = json.loads(wire.encode(PLAIN, kind(name), stream=False))
    assert json.loads(wire.encode(replace(PLAIN, thinking=thinking), kind(name), stream=False)) == plain | fields
