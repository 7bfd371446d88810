"""A grammar followed along a text: what may come next, and how much work that may take."""

from __future__ import annotations

import pytest

from antiphon.errors import BadRequest
from antiphon.structured.gbnf_reader import Rules
from antiphon.structured.stacks import Stacks

LISTS = 'root ::= "[" (n ("," n)*)? "]"\nn ::= [0-9]{1,3} | root\n'


def stacks(grammar: str, *, steps_max: int = 100_000) -> Stacks:
    """What follows that grammar."""
    return Stacks(Rules(grammar), param="messages", steps_max=steps_max)


@pytest.mark.parametrize("text", ["", "[", "[1", "[12,", "[[[7],3", "[]", "[[1,2],[],3]"])
def test_beginnings_are_followed(text: str) -> None:
    """Whatever a text of the grammar begins with leaves a stack."""
    assert stacks(LISTS).after(text)


@pytest.mark.parametrize("text", ["]", "[,", "[1234", "[]]", "[1 ", "[[1,2]]x"])
def test_other_texts_are_not(text: str) -> None:
    """No stack remains where no text of the grammar begins so."""
    assert stacks(LISTS).after(text) == ()


def test_a_finished_text_leaves_the_empty_stack() -> None:
    """Number 0: nothing may follow."""
    followed = stacks(LISTS)
    assert followed.after("[1]") == (0,)
    assert followed.top(0) is None


def test_repeats_are_counted() -> None:
    """The top of the stack tells how many rounds are left."""
    followed = stacks('root ::= "a"{3,5}')
    (stack,) = followed.after("aa")
    top = followed.top(stack)
    assert top is not None
    assert (top.node.text, top.low, top.high, top.rest) == ('"a"', 1, 3, 0)
    assert followed.after("aaaaa") == (0,)
    assert followed.after("aaaaaa") == ()


def test_what_may_follow_is_told_of_each_character() -> None:
    """None of them behind what is no beginning."""
    followed = stacks(LISTS)
    assert followed.following("[1", "[],19x") == "],19"
    assert followed.following("x", "[],19x") == ""


def test_long_strings_cost_next_to_nothing() -> None:
    """A step that was made once is remembered."""
    followed = stacks('root ::= "\\"" [a-z]* "\\""', steps_max=200)
    assert len(followed.after('"' + "word" * 10_000)) == len(followed.after('"word')) > 0


def test_too_much_work_is_refused() -> None:
    """The error names the field that was given."""
    with pytest.raises(BadRequest, match="too much work") as caught:
        stacks(LISTS, steps_max=20).after("[[[[[[[[1")
    assert caught.value.param == "messages"
