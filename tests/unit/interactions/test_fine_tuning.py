"""Lines for fine-tuning: what was asked and said, and nothing that a trainer would refuse."""

from __future__ import annotations

import json
from typing import Any

import pytest

from antiphon.chat import Image, Message, Text, Tool, ToolCall
from antiphon.interactions.fine_tuning import line
from antiphon.interactions.model import Answer, Parameters
from tests.unit.interactions.stored import ASKED, row


def made(**changes: Any) -> Any:  # Any: fields of several types, and JSON
    """The line of an interaction with these fields."""
    found = line(row(1, **changes))
    assert found is not None
    assert found.count(b"\n") == 1
    return json.loads(found)


def test_a_line_is_the_conversation() -> None:
    """The prompt, then the answer; no thoughts, no notes."""
    noted = Message("assistant", "Hi.", reasoning="Hm.", completion_id="c", metadata={"a": 1})
    messages = (*ASKED, noted, Message("user", "So?"))
    assert made(messages=messages, completion=Answer("Yes.\n", reasoning="Long."))["messages"] == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Why is the sky blue?"},
        {"role": "assistant", "content": "Hi."},
        {"role": "user", "content": "So?"},
        {"role": "assistant", "content": "Yes.\n"},
    ]


def test_tools_come_with_their_calls() -> None:
    """In the form of a request."""
    tool = Tool("look", "Looks.", {"type": "object"})
    found = made(completion=Answer(None, (ToolCall("call_1", "look", "{}"),)), parameters=Parameters(tools=(tool,)))
    assert found["tools"][0]["function"]["name"] == "look"
    assert found["parallel_tool_calls"] is True
    assert found["messages"][-1] == {
        "role": "assistant",
        "content": None,
        "tool_calls": [{"id": "call_1", "type": "function", "function": {"name": "look", "arguments": "{}"}}],
    }


def test_an_answer_that_was_begun_is_one_turn() -> None:
    """A trainer takes no two turns of the assistant's in a row."""
    found = made(messages=(*ASKED, Message("assistant", "Because ")), completion=Answer("of Rayleigh."))
    assert [turn["content"] for turn in found["messages"]][2:] == ["Because of Rayleigh."]


@pytest.mark.parametrize(
    "changes",
    [
        {"error": "engine_failed"},
        {"completion": Answer()},
        {"completion": Answer("", reasoning="Hm.")},
        {"messages": (Message("user", (Text("What?"), Image("stored-image:image/png;bytes=70;sha256=00"))),)},
    ],
)
def test_nobody_learns_from_half_a_conversation(changes: dict[str, Any]) -> None:  # Any: fields of several types
    """Answers that broke off, that say nothing, and images that were not kept."""
    assert line(row(1, **changes)) is None


def test_an_image_at_an_address_stays() -> None:
    """Whoever trains may fetch it."""
    parts = (Text("What?"), Image("https://example.org/a.png"))
    content = made(messages=(Message("user", parts),))["messages"][0]["content"]
    assert content[1] == {"type": "image_url", "image_url": {"url": "https://example.org/a.png"}}
