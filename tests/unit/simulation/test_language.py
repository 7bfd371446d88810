"""The oracle: what nodes say is a function of the prompt, also from any point on."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.chat import Message, Sampling
from antiphon.simulation import language
from antiphon.simulation.language import BLOCK_BYTES, WORDS, Language

SPOKEN = Language(tokens_median=30, spread=0.6, tokens_max=90)
ASKED = (Message("system", "Be brief."), Message("user", "What is a river?"))


def test_no_word_begins_with_another() -> None:
    """A text can be cut into its words in one way only."""
    assert len(set(WORDS)) == 256
    assert not [(a, b) for a in WORDS for b in WORDS if a != b and b.startswith(a)]


@given(st.text(max_size=20), st.integers(0, 90), st.integers(1, 60))
def test_an_answer_goes_on_from_any_token(text: str, cut: int, most: int) -> None:
    """What was said and the rest are the whole, with the same end."""
    messages = (Message("user", text),)
    whole = SPOKEN.answer(messages, Sampling(most))
    cut = min(cut, len(whole.deltas) - 1)
    begun = "".join(delta.content for delta in whole.deltas[:cut])
    rest = SPOKEN.answer((*messages, Message("assistant", begun)) if begun else messages, Sampling(most - cut))
    assert begun + rest.text == whole.text
    assert rest.finish_reason == whole.finish_reason


def test_a_foreign_beginning_is_not_gone_on_with() -> None:
    """The answer begins anew, so that a wrong prefill shows."""
    begun = (*ASKED, Message("assistant", " zz"))
    assert SPOKEN.answer(begun, Sampling(10)).text == SPOKEN.answer(ASKED, Sampling(10)).text


def test_a_stop_text_ends_it() -> None:
    """Just before it, in the middle of a word where it begins there."""
    whole = SPOKEN.answer(ASKED, Sampling())
    word = whole.deltas[3].content
    cut = SPOKEN.answer(ASKED, Sampling(stop=(word[1:] + whole.deltas[4].content,)))
    assert cut.text == whole.text[: whole.text.index(word) + 1]
    assert cut.finish_reason == "stop"


def test_a_seed_has_its_own_answer() -> None:
    """Choices of one request differ."""
    assert SPOKEN.answer(ASKED, Sampling(seed=1)).text != SPOKEN.answer(ASKED, Sampling(seed=2)).text


@pytest.mark.parametrize(("most", "finish"), [(1, "length"), (None, "stop")])
def test_the_limit_says_how_it_ends(most: int | None, finish: str) -> None:
    """By length when it had more to say."""
    assert SPOKEN.answer(ASKED, Sampling(most)).finish_reason == finish


def test_prompts_that_begin_alike_share_blocks() -> None:
    """Up to the block in which they differ."""
    first, second = (
        language.blocks(b"x" * 3 * BLOCK_BYTES + tail) for tail in (b"a" * BLOCK_BYTES, b"b" * BLOCK_BYTES)
    )
    assert first[:3] == second[:3]
    assert first[3] != second[3]
    assert len(language.blocks(b"x" * (BLOCK_BYTES - 1))) == 0


def test_a_document_is_json_from_any_token_on() -> None:
    """With the words in it."""
    whole = SPOKEN.answer(ASKED, Sampling(), document=True)
    assert json.loads(whole.text)["said"] == SPOKEN.answer(ASKED, Sampling()).text
    for cut in range(len(whole.deltas)):
        begun = "".join(delta.content for delta in whole.deltas[:cut])
        rest = SPOKEN.answer((*ASKED, Message("assistant", begun)), Sampling(), document=True)
        assert (begun + rest.text, rest.begun) == (whole.text, cut)
