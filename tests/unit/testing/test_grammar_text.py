"""Texts of grammars that can be gone on with anywhere."""

from __future__ import annotations

import json

import pytest

from antiphon.structured.grammar import compile_schema
from antiphon.structured.remainder import remainder
from antiphon.testing.grammar_text import grammar_text

SCHEMA = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "tags": {"type": "array", "items": {"enum": ["a", "b"]}, "maxItems": 3}},
    "required": ["name", "tags"],
    "additionalProperties": False,
}
GRAMMAR = compile_schema(SCHEMA, param="schema").grammar


@pytest.mark.parametrize("key", [b"a", b"b", b"c"])
def test_a_text_is_whole_and_the_same_from_wherever_it_goes_on(key: bytes) -> None:
    """With the grammar of the rest."""
    text = grammar_text(GRAMMAR, key)
    assert set(json.loads(text)) == {"name", "tags"}
    for size in range(0, len(text), 5):
        rest = remainder(GRAMMAR, text[:size], param="messages") if size else GRAMMAR
        assert grammar_text(rest, key, text[:size]) == text


def test_keys_make_texts_differ() -> None:
    """As prompts do."""
    assert grammar_text(GRAMMAR, b"a") != grammar_text(GRAMMAR, b"b")


def test_a_grammar_of_odd_characters_ends_early() -> None:
    """An engine that cannot write them writes nothing."""
    assert grammar_text('root ::= "\\u0416"\n', b"a") == ""
