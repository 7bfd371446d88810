"""Blocks become turns."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from antiphon.chat import Image, Message, Text, ToolCall
from antiphon.completions.dialects.anthropic_messages.blocks import WireTurn, check_results, turns
from antiphon.errors import BadRequest

CALL = {"type": "tool_use", "id": "c1", "name": "f"}


def wired(messages: list[tuple[str, Any]]) -> list[WireTurn]:  # Any: contents as JSON
    """Turns of these roles and contents."""
    return msgspec.convert([{"role": role, "content": content} for role, content in messages], list[WireTurn])


def read(*wire: tuple[str, Any], system: Any = None) -> tuple[Message, ...]:  # Any: contents as JSON
    """The turns that these roles and contents are."""
    blocks = None if system is None else msgspec.convert({"role": "user", "content": system}, WireTurn).content
    return turns(blocks, wired(list(wire)))


def text(told: str) -> dict[str, Any]:
    """A block of text."""
    return {"type": "text", "text": told}


def result(call_id: str, content: Any = None, **fields: Any) -> dict[str, Any]:
    """A result of a tool."""
    return {"type": "tool_result", "tool_use_id": call_id, "content": content, **fields}


def image(**source: str) -> dict[str, Any]:
    """A block of an image."""
    return {"type": "image", "source": source}


def test_a_system_prompt_stands_in_front() -> None:
    """A text, or several joined; an empty one is none."""
    assert read(("user", "Hi"), system="Be brief.") == (Message("system", "Be brief."), Message("user", "Hi"))
    assert read(("user", "Hi"), system=[text("Be brief."), text("Be kind.")])[0].text == "Be brief.\n\nBe kind."
    assert read(("user", "Hi"), system="") == (Message("user", "Hi"),)
    assert read(("user", "Hi"), ("system", [text("Be loud.")]))[1] == Message("system", "Be loud.")


def test_what_the_model_said_is_one_turn() -> None:
    """Thought, texts and calls; what was sealed elsewhere is left out."""
    blocks = [
        {"type": "thinking", "thinking": "Hm.", "signature": "s"},
        {"type": "redacted_thinking", "data": "d"},
        text("Yes."), text("Well."),
        {"type": "tool_use", "id": "c1", "name": "f", "input": {"a": 1}},
    ]  # fmt: skip
    assert read(("assistant", blocks)) == (
        Message("assistant", "Yes.\n\nWell.", tool_calls=(ToolCall("c1", "f", '{"a":1}'),), reasoning="Hm."),
    )
    assert read(("assistant", blocks[-1:]))[0].content is None
    assert read(("assistant", blocks[:1]))[0].content == ""


def test_results_are_turns_of_their_own() -> None:
    """In their order, and marked where a tool failed."""
    told = read(("user", [result("c1", "7"), result("c2", [text("no")], is_error=True), text("So?"), result("c3")]))
    assert told == (
        Message("tool", "7", tool_call_id="c1"),
        Message("tool", "Error: no", tool_call_id="c2"),
        Message("user", "So?"),
        Message("tool", "", tool_call_id="c3"),
    )


def test_images_of_tools_stand_behind_their_results() -> None:
    """All of them, and before what the user says."""
    picture = image(type="url", url="https://a")
    told = read(("user", [result("c1", [text("a"), picture]), result("c2", [picture]), text("So?")]))
    assert told == (
        Message("tool", "a", tool_call_id="c1"),
        Message("tool", "", tool_call_id="c2"),
        Message("user", (Image("https://a"), Image("https://a"), Text("So?"))),
    )


def test_an_empty_answer_may_be_sent_back() -> None:
    """As it came; nobody else says nothing."""
    assert read(("assistant", [])) == (Message("assistant", ""),)
    with pytest.raises(BadRequest, match="at least one block"):
        read(("user", []))


def test_turns_of_a_user_side_by_side_are_one() -> None:
    """Images stay where they are."""
    picture = image(type="base64", media_type="image/png", data="AAAA")
    shown = Image("data:image/png;base64,AAAA")
    assert read(("user", "a"), ("user", [text("b"), text("c")])) == (Message("user", "a\n\nb\n\nc"),)
    assert read(("user", [picture]), ("user", "a")) == (Message("user", (shown, Text("a"))),)
    assert read(("user", [image(type="url", url="https://a")]))[0].content == (Image("https://a"),)
    assert len(read(("assistant", "a"), ("assistant", "b"))) == 2


@pytest.mark.parametrize(
    ("role", "block", "param"),
    [
        ("user", {"type": "document"}, ".type"),
        ("user", {"type": "text"}, ".text"),
        ("user", {"type": "image"}, ".source"),
        ("user", image(type="file", file_id="f"), ".source.type"),
        ("user", image(type="base64", data="AAAA"), ".source.media_type"),
        ("user", image(type="base64", data="AAAA", media_type="image/tiff"), ".source.media_type"),
        ("user", image(type="base64", media_type="image/png"), ".source.data"),
        ("user", image(type="url"), ".source.url"),
        ("user", {"type": "tool_result"}, ".tool_use_id"),
        ("user", result("c1", [{"type": "document"}]), ".content[0].type"),
        ("assistant", image(type="url", url="https://a"), ".type"),
        ("assistant", {"type": "tool_use", "id": "c1"}, ".name"),
        ("assistant", {"type": "tool_use", "name": "f"}, ".id"),
        ("assistant", {"type": "thinking"}, ".thinking"),
        ("system", {"type": "image"}, ".type"),
    ],
)
def test_what_is_wrong_is_named(role: str, block: dict[str, Any], param: str) -> None:
    """The block and the part of it."""
    with pytest.raises(BadRequest) as refused:
        read((role, [block]))
    assert refused.value.param == f"messages[0].content[0]{param}"
    assert refused.value.message.startswith(refused.value.param)


@pytest.mark.parametrize(
    "messages",
    [
        [("user", [result("c1")])],
        [("user", [result("c1")]), ("assistant", [CALL])],
        [("assistant", [CALL]), ("user", [result("c2")])],
        [("assistant", [CALL]), ("user", [result("c1"), result("c1")])],
        [("assistant", [CALL]), ("assistant", "No."), ("user", [result("c1")])],
    ],
)
def test_results_in_the_wrong_place_are_refused(messages: list[tuple[str, Any]]) -> None:
    """Before their calls, for others, twice, or when the model has gone on."""
    with pytest.raises(BadRequest, match=r"^messages\[\d\]\.content\[\d\]\.tool_use_id: "):
        check_results(wired(messages))


def test_results_in_their_place_are_taken() -> None:
    """Behind their calls, also where a user's turn stands between."""
    check_results(wired([("assistant", [CALL]), ("user", "Wait."), ("user", [text("Here:"), result("c1")])]))
