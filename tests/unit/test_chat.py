"""The neutral words that compute something: a turn's text and the sum of usage."""

from __future__ import annotations

import pytest

from antiphon.chat import Image, Message, Text, Usage


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
