"""Items become turns, and stored turns become items again."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from antiphon.chat import Image, Message, Text, ToolCall
from antiphon.completions.dialects.openai_responses.items import Input, check_outputs, composed, shown, turns
from antiphon.errors import BadRequest

CALL = {"type": "function_call", "call_id": "c1", "name": "f", "arguments": "{}"}
RESULT = {"type": "function_call_output", "call_id": "c1", "output": "7"}
THOUGHT = {"type": "reasoning", "summary": [], "content": [{"type": "reasoning_text", "text": "Hm."}]}
SAID = {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "Yes."}]}


def read(*items: dict[str, Any]) -> tuple[Message, ...]:  # Any: items as JSON
    """The turns that these items are."""
    return turns(msgspec.convert(list(items), Input))


def user(text: str) -> dict[str, Any]:
    """A user's message."""
    return {"role": "user", "content": text}


def test_a_text_is_what_a_user_says() -> None:
    """The shortest form of an input."""
    assert turns("Hi") == (Message("user", "Hi"),)


def test_what_the_model_said_is_one_turn() -> None:
    """Its thought, its text and its calls, until somebody else speaks."""
    told = read(user("Hi"), THOUGHT, SAID, CALL, RESULT, SAID)
    assert told == (
        Message("user", "Hi"),
        Message("assistant", "Yes.", tool_calls=(ToolCall("c1", "f", "{}"),), reasoning="Hm."),
        Message("tool", "7", tool_call_id="c1"),
        Message("assistant", "Yes."),
    )


def test_a_new_text_or_thought_begins_a_new_turn() -> None:
    """Behind a text or a call the model has begun again; a thought that nothing follows is left out."""
    told = read(SAID, SAID, CALL, THOUGHT, CALL, THOUGHT)
    assert [(turn.content, len(turn.tool_calls), turn.reasoning) for turn in told] == [
        ("Yes.", 0, None), ("Yes.", 1, None), (None, 1, "Hm."),
    ]  # fmt: skip


def test_a_summary_stands_for_its_thought() -> None:
    """Where a thought was shown as one."""
    thought = {"type": "reasoning", "summary": [{"type": "summary_text", "text": "Hm."}]}
    assert read(thought, SAID)[0].reasoning == "Hm."


def test_images_stay_where_they_are() -> None:
    """Between the texts of a user's message."""
    parts = [{"type": "input_text", "text": "This"}, {"type": "input_image", "image_url": "data:a", "detail": "low"}]
    assert read({"role": "user", "content": parts}) == (Message("user", (Text("This"), Image("data:a"))),)


def test_images_of_functions_stand_behind_their_outputs() -> None:
    """All of them, and before whatever comes next."""
    parts = [{"type": "input_text", "text": "7"}, {"type": "input_image", "image_url": "data:a"}]
    result = {**RESULT, "output": parts}
    tool, picture = Message("tool", "7", tool_call_id="c1"), Image("data:a")
    assert read(result, result, user("So?")) == (tool, tool, Message("user", (picture, picture, Text("So?"))))
    assert read(result) == (tool, Message("user", (picture,)))
    assert [turn.role for turn in read(result, CALL)] == ["tool", "user", "assistant"]
    assert [turn.role for turn in read(result, {"role": "system", "content": "a"})] == ["tool", "user", "system"]


@pytest.mark.parametrize(
    ("item", "param"),
    [
        ({"content": "Hi"}, "input[0].role"),
        ({"role": "user"}, "input[0].content"),
        ({"role": "user", "content": []}, "input[0].content"),
        ({"type": "item_reference", "id": "msg_1"}, "input[0]"),
        ({"type": "web_search_call"}, "input[0].type"),
        ({"type": "function_call", "call_id": "c", "name": "f"}, "input[0].arguments"),
        ({"type": "function_call_output", "output": "7"}, "input[0].call_id"),
        ({"role": "user", "content": [{"type": "input_text"}]}, "input[0].content[0]"),
        ({"role": "user", "content": [{"type": "input_file", "file_id": "f"}]}, "input[0].content[0].type"),
        ({"role": "user", "content": [{"type": "input_image", "file_id": "f"}]}, "input[0].content[0].image_url"),
        ({"role": "assistant", "content": [{"type": "input_image", "image_url": "data:a"}]}, "input[0].content[0]"),
        ({**THOUGHT, "content": [{"type": "audio"}]}, "input[0].content[0].type"),
    ],
)
def test_what_is_wrong_is_named(item: dict[str, Any], param: str) -> None:
    """The item and the part of it."""
    with pytest.raises(BadRequest) as refused:
        read(item)
    assert refused.value.param == param
    assert refused.value.message.startswith(param)


def test_all_that_opens_a_conversation_is_one_turn() -> None:
    """Instructions first, then what developers and systems say."""
    told = read({"role": "developer", "content": "Be kind."}, {"role": "system", "content": "Be quick."}, user("Hi"))
    opening, *rest = composed("Be brief.", (), told)
    assert (opening.role, opening.text) == ("system", "Be brief.\n\nBe kind.\n\nBe quick.")
    assert rest == [Message("user", "Hi")]
    assert composed(None, (), turns("Hi")) == (Message("user", "Hi"),)


def test_a_conversation_goes_on_without_earlier_instructions() -> None:
    """Nor with the prompt of a project that was put in front of it; what developers said stays, also in the middle."""
    first = composed("Be brief.", (), read({"role": "developer", "content": "Be kind."}, user("Hi")))
    stored = (msgspec.structs.replace(first[0], content=f"Project.\n\n{first[0].text}"), *first[1:])
    later = read({"role": "developer", "content": "Be quick."}, user("So?"), {"role": "system", "content": "Stop."})
    told = composed("Be loud.", (*stored, Message("assistant", "Yes.")), later)
    assert [turn.text for turn in told] == ["Be loud.\n\nBe kind.\n\nBe quick.", "Hi", "Yes.", "So?", "Stop."]
    bare = composed(None, (Message("system", "Project."), Message("user", "Hi")), turns("Well?"))
    assert [turn.role for turn in bare] == ["user", "user"]


def test_stored_turns_are_shown_as_items() -> None:
    """Each with an id of its own; instructions are not among them."""
    given = read({"role": "developer", "content": "Be kind."}, user("Hi"), THOUGHT, SAID, CALL, RESULT)
    told = composed("Be brief.", (), given)
    items = shown(told, "1")
    assert [item["type"] for item in items] == [
        "message", "message", "reasoning", "message", "function_call", "function_call_output",
    ]  # fmt: skip
    assert items[0]["content"] == [{"type": "input_text", "text": "Be kind."}]
    assert len({item["id"] for item in items}) == 6
    assert turns(msgspec.convert(items, Input)) == given


def test_images_are_shown_by_their_addresses() -> None:
    """Or by what stands for them."""
    (item,) = shown([Message("user", (Text("This"), Image("stored-image:1")))], "1")
    assert item["content"][1] == {"type": "input_image", "image_url": "stored-image:1", "detail": "auto"}


def test_thoughts_alone_are_no_turn() -> None:
    """There would be nothing to answer."""
    with pytest.raises(BadRequest, match="^input: "):
        read(THOUGHT)


@pytest.mark.parametrize(
    "items", [[RESULT], [RESULT, CALL], [CALL, {**RESULT, "call_id": "c2"}], [CALL, RESULT, RESULT]]
)
def test_outputs_in_the_wrong_place_are_refused(items: list[dict[str, Any]]) -> None:
    """Before their calls, for others, or twice."""
    with pytest.raises(BadRequest, match=r"^input\[\d\]\.call_id: "):
        check_outputs(msgspec.convert(items, Input))


def test_outputs_in_their_place_are_taken() -> None:
    """Behind their calls, whatever stands between; a text has none."""
    check_outputs(msgspec.convert([CALL, {**CALL, "call_id": "c2"}, user("Wait."), RESULT], Input))
    check_outputs("Hi")
