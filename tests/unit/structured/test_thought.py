"""A thought in front of a document: any text up to the mark that closes it, then nothing but the document."""

from __future__ import annotations

import pytest

from antiphon.structured.grammar import compile_schema
from antiphon.structured.thought import after_thought
from tests.unit.structured.gbnf_reader import Gbnf

NUMBER = compile_schema({"type": "integer", "minimum": 1, "maximum": 9}, param="schema").grammar
MARKS = [("<think>", "</think>"), ("[THINK]", "[/THINK]"), ("◁think▷", "◁/think▷"), ("{", "}}")]


def grammar(opening: str = "<think>", closing: str = "</think>", *, opened: bool = True) -> Gbnf:
    """The grammar of a thought and a digit."""
    return Gbnf.read(after_thought(NUMBER, opening=opening, closing=closing, opened=opened))


@pytest.mark.parametrize(
    "thought", ["", "\n", "Hm.\n", "a < b </ c", "<", "</", "</thin", "</</thi", "<<", '{"x":', "é😀", "<think>"]
)
def test_any_thought_may_come_first(thought: str) -> None:
    """However much of the closing mark it holds."""
    assert grammar().accepts(f"{thought}</think>\n\n7")


@pytest.mark.parametrize("text", ["7", "thought 7", "</think>", "</think>x", "</think>70", "</think>7</think>7"])
def test_nothing_but_the_document_may_follow(text: str) -> None:
    """A thought without an end, without an answer, or with another text after it is none."""
    assert not grammar().accepts(text)


@pytest.mark.parametrize(("opening", "closing"), MARKS)
def test_every_pair_of_marks(opening: str, closing: str) -> None:
    """Whatever characters they are made of."""
    assert grammar(opening, closing).accepts(f"hm {closing}7")
    assert not grammar(opening, closing).accepts(f"hm {closing[:-1]}7")


@pytest.mark.parametrize("text", ["7", "<think>\nHm.\n</think>\n\n7", "\n<think></think>7"])
def test_a_model_that_opens_its_thought_itself_may_leave_it_out(text: str) -> None:
    """Then the document comes at once."""
    assert grammar(opened=False).accepts(text)


@pytest.mark.parametrize("text", ["Hm.</think>7", "<think>7", "Hm. <think></think>7"])
def test_a_thought_that_was_not_opened_is_none(text: str) -> None:
    """Free text stands between the marks only."""
    assert not grammar(opened=False).accepts(text)


def test_rules_of_the_document_keep_their_names() -> None:
    """Also one that is named as ours are, and one that refers to the root."""
    document = 'root ::= thought-0 | "(" root ")"\nthought-0 ::= "x"\n'
    both = Gbnf.read(after_thought(document, opening="<t>", closing="</t>", opened=True))
    assert both.accepts("hm</t>((x))")
    assert not both.accepts("hm</t>((x)")
