"""Tests of the fault engine's deterministic text."""

from __future__ import annotations

from itertools import islice

import pytest

from antiphon.testing.text import (
    IMAGE_TOKENS,
    after_prefix,
    count_prompt_tokens,
    expected_text,
    message_text,
    prompt_key,
    split_pieces,
    text_tokens,
)

MESSAGES = [{"role": "system", "content": "be brief"}, {"role": "user", "content": "hello"}]


def test_text_repeats_and_grows() -> None:
    """The same prompt gives the same text, and a longer one begins with the shorter."""
    assert expected_text(MESSAGES, 20) == expected_text(MESSAGES, 20)
    assert expected_text(MESSAGES, 20).startswith(expected_text(MESSAGES, 7))


def test_text_depends_on_everything() -> None:
    """Prompt, seed and choice each change the text; no seed is seed 0."""
    texts = [
        expected_text(MESSAGES, 30),
        expected_text(MESSAGES[1:], 30),
        expected_text(MESSAGES, 30, 7),
        expected_text(MESSAGES, 30, 7, 1),
    ]
    assert len(set(texts)) == 4
    assert expected_text(MESSAGES, 30, 0) == texts[0]


def test_tokens_can_be_had_from_any_index() -> None:
    """Tokens from index 5 on are the tokens after the first five."""
    key = prompt_key(MESSAGES)
    assert list(islice(text_tokens(key, 3, 0), 5, 12)) == list(islice(text_tokens(key, 3, 0, 5), 7))


def test_text_holds_what_framing_can_break() -> None:
    """A long text has multi-byte characters, quotes, backslashes and line breaks."""
    text = expected_text(MESSAGES, 2000)
    assert all(character in text for character in ('"', "\\", "\n", "é", "東", "🦊"))


@pytest.mark.parametrize(
    "content",
    ["hello", [{"type": "text", "text": "hello"}], [{"type": "text", "text": "hel"}, {"type": "text", "text": "lo"}]],
)
def test_key_ignores_how_content_is_written(content: object) -> None:
    """A string and its parts are the same prompt, and so are developer and system."""
    said: dict[str, object] = {"role": "user", "content": content}
    assert prompt_key([{"role": "developer", "content": "be brief"}, said]) == prompt_key(MESSAGES)


def test_key_sees_images_and_calls() -> None:
    """Another image or another call is another prompt."""
    parts = [[{"type": "image_url", "image_url": {"url": f"data:image/png;base64,{n}"}}] for n in "AB"]
    calls = [[{"id": "1", "function": {"name": "f", "arguments": n}}] for n in "AB"]
    keys = [prompt_key([{"role": "user", "content": part}]) for part in parts]
    keys += [prompt_key([{"role": "assistant", "content": None, "tool_calls": call}]) for call in calls]
    assert len(set(keys)) == 4


def test_message_without_text_says_nothing() -> None:
    """A message without content is empty text, not the word None."""
    assert message_text({"role": "assistant", "content": None}) == ""


def test_prompt_tokens_grow_with_text_and_images() -> None:
    """Four tokens a turn, one for each four characters, 64 an image."""
    image = {"type": "image_url", "image_url": {"url": "x"}}
    assert count_prompt_tokens([{"role": "user", "content": "12345678"}]) == 4 + 2
    assert count_prompt_tokens([{"role": "user", "content": [image]}]) > IMAGE_TOKENS


@pytest.mark.parametrize(
    ("prefix", "rest"),
    [("", ("one", " two")), ("o", ("ne", " two")), ("one", (" two",)), ("one t", ("wo",)), ("one two", ())],
)
def test_after_prefix_goes_on_exactly(prefix: str, rest: tuple[str, ...]) -> None:
    """What follows a prefix is the rest of the text, also from inside a token."""
    assert after_prefix(("one", " two"), prefix) == rest


@pytest.mark.parametrize("prefix", ["two", "one two three", "ona"])
def test_after_prefix_refuses_what_is_not_a_prefix(prefix: str) -> None:
    """A text that the tokens do not begin with has no continuation."""
    assert after_prefix(("one", " two"), prefix) is None


def test_pieces_join_to_the_text() -> None:
    """Cutting into pieces loses nothing."""
    assert "".join(split_pieces("äöü €uro 🦊!")) == "äöü €uro 🦊!"
