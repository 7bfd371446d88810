"""The neutral words that compute something: a turn's text and the sum of usage."""

from __future__ import annotations

import pytest

from antiphon.chat import ChatRequest, FinishReason, Image, Message, Text, Usage, finish


@pytest.mark.parametrize(
    ("message", "text"),
    [
        (Message("assistant"), ""),
        (Message("user", ""), ""),
        (Message("user", "words"), "words"),
        (Message("user", (Text("one "), Image("data:,"), Text("two"))), "one two"),
        (Message("user", (Image("data:,"),)), ""),
    ],
)
def test_the_text_of_a_turn(message: Message, text: str) -> None:
    """All its text in order, images left out."""
    assert message.text == text


def test_total_tokens_are_prompt_and_completion() -> None:
    """Cached and thought tokens are parts of these, not more of them."""
    assert Usage(prompt_tokens=7, completion_tokens=5, cached_tokens=3, reasoning_tokens=2).total_tokens == 12


PROMPTS = ChatRequest("m", (), n=2, prompts=("one", (2, 3)))


def test_choices_go_round_all_prompts() -> None:
    """As many for each; those to one prompt stand together."""
    assert PROMPTS.choices == 4
    assert [PROMPTS.prompt(index) for index in range(4)] == ["one", "one", (2, 3), (2, 3)]


def test_a_prompt_is_what_a_user_said() -> None:
    """Token ids as numbers; a chat's choices all answer its messages."""
    assert [PROMPTS.asked(index)[0].content for index in range(4)] == ["one", "one", "2 3", "2 3"]
    assert {PROMPTS.asked(index)[0].role for index in range(4)} == {"user"}
    messages = (Message("user", "Hi"),)
    assert ChatRequest("m", messages, n=2).asked(1) is messages
    assert ChatRequest("m", messages, n=2).choices == 2


@pytest.mark.parametrize(
    ("told", "with_calls", "without"),
    [
        ("stop", "tool_calls", "stop"),
        ("tool_calls", "tool_calls", "stop"),
        ("length", "length", "length"),
        ("content_filter", "content_filter", "content_filter"),
    ],
)
def test_an_answer_ends_for_its_calls_if_it_holds_any(
    told: FinishReason, with_calls: FinishReason, without: FinishReason
) -> None:
    """Whatever the engine calls it, unless it was cut."""
    assert (finish(told, called=True), finish(told, called=False)) == (with_calls, without)
