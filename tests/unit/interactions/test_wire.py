"""Interactions as clients read them."""

from __future__ import annotations

import json

import msgspec

from antiphon.chat import Image, Message, NamedTool, ResponseFormat, Sampling, Text, Tool, ToolCall, ToolOverride
from antiphon.interactions import wire
from antiphon.interactions.model import Answer, Parameters, Session
from tests.unit.interactions.stored import ASKED, NOW_MS, row, uuid


def test_an_interaction_is_told_in_full() -> None:
    """Every field, exactly."""
    told = wire.interaction(
        row(1, project_id="p", labels={"k": "v"}, tags=("t",), parameters=Parameters(Sampling(temperature=0.7)))
    )
    assert json.loads(msgspec.json.encode(told)) == {
        "object": "interaction",
        "completion_id": uuid(1),
        "answer_id": "chatcmpl-1",
        "index": 0,
        "source": "LIVE",
        "created_at_ms": NOW_MS + 1,
        "project_id": "p",
        "door": "v1",
        "request_id": "",
        "model": "m",
        "node": "",
        "session_id": None,
        "user": None,
        "campaign": None,
        "variant": None,
        "messages": [{"role": message.role, "content": message.content} for message in ASKED],
        "completion": {"role": "assistant", "content": "Because of Rayleigh."},
        "finish_reason": "stop",
        "parameters": {"temperature": 0.7, "logprobs": False, "top_logprobs": 0, "n": 1, "stream": False},
        "usage": {
            "prompt_tokens": 11,
            "completion_tokens": 5,
            "total_tokens": 16,
            "cached_tokens": 2,
            "reasoning_tokens": 1,
        },
        "timings": {"queued_ms": 0.5, "ttft_ms": 12.25, "total_ms": 40.0},
        "labels": {"k": "v"},
        "tags": ["t"],
        "prompt_hash": "",
        "error": None,
    }


def test_messages_have_the_form_of_a_request() -> None:
    """Parts, tool calls, names and notes, so that they can be sent again."""
    call = {"id": "1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    assert wire.message(Message("user", (Text("a"), Image("stored-image:x")), name="ann", metadata=[1])) == {
        "role": "user",
        "content": [{"type": "text", "text": "a"}, {"type": "image_url", "image_url": {"url": "stored-image:x"}}],
        "name": "ann",
        "metadata": [1],
    }
    assert wire.message(Message("assistant", None, tool_calls=(ToolCall("1", "f", "{}"),), completion_id="c")) == {
        "role": "assistant",
        "content": None,
        "tool_calls": [call],
        "completion_id": "c",
    }
    assert wire.message(Message("tool", "4", tool_call_id="1")) == {
        "role": "tool",
        "content": "4",
        "tool_call_id": "1",
    }
    told = wire.interaction(row(1, completion=Answer(None, (ToolCall("1", "f", "{}"),), "hm")))
    assert told.completion == {"role": "assistant", "content": None, "tool_calls": [call], "reasoning_content": "hm"}


def test_parameters_have_the_names_of_a_request() -> None:
    """What says nothing is left out, but false and zero say something."""
    given = Parameters(
        sampling=Sampling(max_tokens=0, temperature=0.0, stop=("a",)),
        n=2,
        tools=(Tool("f", "what", {"type": "object"}),),
        tool_choice=NamedTool("f"),
        parallel_tool_calls=False,
        response_format=ResponseFormat("json_schema", "s", {"type": "string"}),
        max_ttft_s=0.5,
        timeout_s=30.0,
        prompt_tokens_max=1500,
        system_prompt_args={"a": 1},
        use_tools=False,
        tool_overrides=(ToolOverride("p", enabled=True),),
    )
    assert wire.parameters(given) == {
        "max_tokens": 0,
        "temperature": 0.0,
        "stop": ("a",),
        "logprobs": False,
        "top_logprobs": 0,
        "n": 2,
        "stream": False,
        "tools": [
            {
                "type": "function",
                "function": {"name": "f", "description": "what", "parameters": {"type": "object"}, "strict": False},
            }
        ],
        "tool_choice": {"type": "function", "function": {"name": "f"}},
        "parallel_tool_calls": False,
        "response_format": {"type": "json_schema", "json_schema": {"name": "s", "schema": {"type": "string"}}},
        "timeout_secs": 30.0,
        "max_ttft_ms": 500.0,
        "prompt_truncate_len": 1500,
        "system_prompt_args": {"a": 1},
        "use_tools": False,
        "tool_overrides": ({"id": "p", "enabled": True},),
    }
    assert wire.parameters(Parameters(response_format=ResponseFormat("json_object")))["response_format"] == {
        "type": "json_object"
    }


def test_a_session_is_told() -> None:
    """Without its turns."""
    told = msgspec.to_builtins(wire.session(Session("s", 1, 2, 3)))
    assert told == {"object": "session", "session_id": "s", "created_at_ms": 1, "last_at_ms": 2, "turns": 3}
