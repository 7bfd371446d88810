"""Calls read out of text that comes in pieces."""

from __future__ import annotations

import itertools
import random

import pytest

from antiphon.chat import ToolCallDelta
from antiphon.tools.parse import Piece, ToolCallParser

SEED = 9


def parser() -> ToolCallParser:
    """A parser whose ids count up."""
    numbers = itertools.count(1)
    return ToolCallParser(lambda: f"call_{next(numbers)}")


def read(pieces: list[str], *, cut: bool = False) -> tuple[str, list[tuple[str, str, str]]]:
    """The content, and each call's id, name and arguments, checked for the order of deltas."""
    reader = parser()
    out: list[Piece] = []
    for piece in pieces:
        out += reader.feed(piece)
    out += reader.finish(cut=cut)
    calls: list[tuple[str, str, str]] = []
    for each in out:
        if isinstance(each, ToolCallDelta):
            if each.name is not None:
                assert each.id
                assert each.index == len(calls)
                calls.append((each.id, each.name, each.arguments))
            else:
                assert each.id is None
                assert each.arguments
                identity, name, arguments = calls[each.index]
                calls[each.index] = (identity, name, arguments + each.arguments)
    assert reader.calls_count == len(calls)
    return "".join(each for each in out if isinstance(each, str)), calls


def call(name: str, arguments: str) -> str:
    """A call as the grammar writes it."""
    return f'<tool_call>\n{{"name": "{name}", "arguments": {arguments}}}\n</tool_call>'


NESTED = '{"a": [1, {"b": "}]\\"<tool_call>"}], "c": "é\\u00e9"}'
ANSWERS = {
    "text": ("Just <b>words</b> & more.\n\nBye <3", "Just <b>words</b> & more.\n\nBye <3", []),
    "one": (call("now", "{}"), "", [("call_1", "now", "{}")]),
    "two": (
        f"{call('a', NESTED)}\n{call('b-2', '{}')}",
        "",
        [("call_1", "a", NESTED), ("call_2", "b-2", "{}")],
    ),
    "text first": (f"Let me see.\n\n{call('now', '{}')}", "Let me see.", [("call_1", "now", "{}")]),
    "text behind": (f"{call('now', '{}')}\nDone.", "Done.", [("call_1", "now", "{}")]),
    "loose": ('<tool_call>{ "name" :"x" , "arguments":{"q" : 1} }</tool_call>  ', "", [("call_1", "x", '{"q" : 1}')]),
    "arguments first": (
        '<tool_call>{"arguments": {"q": 1}, "name": "x"}</tool_call>',
        "",
        [("call_1", "x", '{"q": 1}')],
    ),
    "no arguments": ('<tool_call>{"name": "x"}</tool_call>', "", [("call_1", "x", "{}")]),
    "parameters": ('<tool_call>{"name": "x", "parameters": {"q": 2}}</tool_call>', "", [("call_1", "x", '{"q": 2}')]),
    "arguments as text": (
        r'<tool_call>{"name": "x", "arguments": "{\"q\": 3}"}</tool_call>',
        "",
        [("call_1", "x", '{"q": 3}')],
    ),
    "no closing mark": ('<tool_call>\n{"name": "x", "arguments": {}}', "", [("call_1", "x", "{}")]),
    "no call": ("<tool_call>nothing", "<tool_call>nothing", []),
    "no name": ('<tool_call>{"arguments": {}}', '<tool_call>{"arguments": {}}', []),
    "a beginning": ("a < b and <tool", "a < b and <tool", []),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_pieces_of_any_size_say_the_same(name: str) -> None:
    """Whole, character by character, and in random pieces."""
    text, content, calls = ANSWERS[name]
    assert read([text]) == (content, calls)
    assert read(list(text)) == (content, calls)
    randomness = random.Random(SEED)
    for _ in range(50):
        cuts = sorted(randomness.sample(range(len(text) + 1), min(4, len(text))))
        pieces = [text[a:b] for a, b in itertools.pairwise([0, *cuts, len(text)])]
        assert read(pieces) == (content, calls), (SEED, pieces)


def test_text_passes_at_once() -> None:
    """Only what may begin a mark, or the blanks before one, is held back."""
    reader = parser()
    assert reader.feed("Hello") == ("Hello",)
    assert reader.feed(" world <") == (" world",)
    assert reader.feed("b>") == (" <b>",)
    assert reader.feed("\n<tool_") == ()
    assert reader.feed("box>") == ("\n<tool_box>",)


def test_a_call_is_told_as_early_as_it_is_known() -> None:
    """The name when its quote closes, arguments as they come."""
    reader = parser()
    assert reader.feed('<tool_call>\n{"name": "no') == ()
    assert reader.feed('w"') == (ToolCallDelta(index=0, id="call_1", name="now"),)
    assert reader.feed(', "arguments": {"a"') == (ToolCallDelta(index=0, arguments='{"a"'),)
    assert reader.feed(": 1") == (ToolCallDelta(index=0, arguments=": 1"),)
    assert reader.feed("}}\n</tool_") == (ToolCallDelta(index=0, arguments="}"),)
    assert reader.feed("call>") == ()
    assert reader.finish(cut=False) == ()


@pytest.mark.parametrize("size", range(1, len(call("now", NESTED))))
def test_a_cut_answer_leaks_no_mark(size: int) -> None:
    """Wherever the engine stops for length: no content, and what there is of the arguments."""
    content, calls = read([f"{call('now', NESTED)}"[:size]], cut=True)
    assert content == ""
    assert all(name == "now" and NESTED.startswith(arguments) for _, name, arguments in calls)


def test_a_cut_text_loses_only_what_may_be_a_mark() -> None:
    """Words stay."""
    assert read(["some words <tool_c"], cut=True) == ("some words", [])
    assert read(["some words"], cut=True) == ("some words", [])
