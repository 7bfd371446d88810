"""What a tool brought, as text for the model."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.providers.model import ToolResult
from antiphon.providers.results import cleaned, failed, tool_result

JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=12), inner, max_size=3),
    max_leaves=8,
)


def text_of(answer: dict[str, Any], characters_max: int = 1000) -> str:
    """The text of an answer."""
    return tool_result(answer, characters_max=characters_max).text


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ([{"type": "text", "text": "a"}, {"type": "text", "text": "b"}], "a\nb"),
        ([{"type": "image", "data": "AAAA", "mimeType": "image/png"}], "[image: image/png, 3 bytes]"),
        ([{"type": "audio", "data": "", "mimeType": 7}], "[audio: unknown, 0 bytes]"),
        ([{"type": "resource_link", "name": "n", "uri": "file:///x"}], "[link: n file:///x]"),
        ([{"type": "resource", "resource": {"uri": "u", "text": "t"}}], "[u]\nt"),
        ([{"type": "resource", "resource": {"uri": "u", "blob": "AAAA"}}], "[u: unknown, 3 bytes]"),
        ([{"type": "resource", "resource": None}], "(The tool returned nothing.)"),
        ([{"type": "new\nkind"}], "[new kind]"),
        ([], "(The tool returned nothing.)"),
        ("nonsense", "(The tool returned nothing.)"),
        ([7, {"type": "text"}], "(The tool returned nothing.)"),
    ],
)
def test_content(content: object, expected: str) -> None:
    """Text as it is, everything else in a few words."""
    assert text_of({"content": content}) == expected


def test_structured_content_is_shown_once() -> None:
    """A tool repeats it as text for those who know only text."""
    structured = {"degrees": 18}
    assert text_of({"content": [], "structuredContent": structured}) == '{"degrees":18}'
    assert text_of({"content": [{"type": "text", "text": "18"}], "structuredContent": structured}) == "18"
    picture = {"type": "image", "data": "AAAA", "mimeType": "image/png"}
    assert text_of({"content": [picture], "structuredContent": 1}) == "1\n[image: image/png, 3 bytes]"


def test_an_error_says_so() -> None:
    """To the model and to us."""
    assert tool_result({"content": [], "isError": True}, characters_max=99).is_error
    assert failed("no luck") == ToolResult("Error: no luck", is_error=True)


def test_a_tool_that_wants_to_ask_a_person() -> None:
    """There is none here."""
    assert tool_result({"resultType": "input_required"}, characters_max=99).is_error


def test_long_texts_are_cut() -> None:
    """And say it."""
    assert text_of({"content": [{"type": "text", "text": "abcdef"}]}, 4) == "abcd\n[cut: 4 of 6 characters]"


def test_what_terminals_and_templates_stumble_over_is_replaced() -> None:
    """Controls and halves of characters; line breaks and tabs stay."""
    assert cleaned("a\x1b[31m\x00\ud800\tb\r\n\x85", characters_max=99) == "a\ufffd[31m\ufffd\ufffd\tb\r\n\ufffd"


@given(st.dictionaries(st.sampled_from(["content", "structuredContent", "isError", "resultType"]), JSON))
def test_any_answer_becomes_sound_text(answer: dict[str, Any]) -> None:
    """Whatever a stranger sends: valid UTF-8, never empty, never much longer than allowed."""
    text = text_of(answer, 50)
    assert text
    assert len(text.encode()) <= 4 * 50 + 60
