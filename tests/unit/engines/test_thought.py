"""How a model thinks, by what its template makes of one turn."""

from __future__ import annotations

import pytest

from antiphon.engines.thought import MARKS, Thought, recognised

TURN = "<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n"


@pytest.mark.parametrize(("opening", "closing"), MARKS)
def test_a_prompt_that_opens_the_thought(opening: str, closing: str) -> None:
    """Switched off, its section is empty."""
    told = recognised(f"{TURN}{opening}\n", f"{TURN}{opening}\n\n{closing}\n\n")
    assert told == Thought(opening, closing, opened=True)


def test_a_prompt_that_leaves_the_opening_to_the_model() -> None:
    """The marks are seen where the thought is left out."""
    assert recognised(TURN, f"{TURN}<think>\n\n</think>\n\n") == Thought("<think>", "</think>")


def test_a_model_that_always_thinks() -> None:
    """No switch changes its prompt."""
    thought = Thought("<think>", "</think>", opened=True, switched=False)
    assert recognised(f"{TURN}<think>\n", f"{TURN}<think>\n") == thought


def test_a_template_that_only_takes_thoughts_out_of_earlier_turns() -> None:
    """The model thinks although its prompt does not say so."""
    template = "{{ content.split('</think>')[-1] }}"
    assert recognised(TURN, TURN, template) == Thought("<think>", "</think>", switched=False)


def test_blanks_as_a_tokenizer_writes_them() -> None:
    """A prompt put together from tokens ends with the vocabulary's own blank."""
    told = recognised("assistantĊ<think>Ċ", "assistantĊ<think>ĊĊ</think>ĊĊ")
    assert told == Thought("<think>", "</think>", opened=True)


def test_a_switch_without_known_marks() -> None:
    """It thinks, in marks of its own."""
    assert recognised("Think first.", "") == Thought(opening="", closing="")


def test_a_model_that_does_not_think() -> None:
    """The switch changes nothing and no mark is there."""
    assert recognised(TURN, TURN, "{{ messages }}") is None
