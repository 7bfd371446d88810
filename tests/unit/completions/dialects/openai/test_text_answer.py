"""The older form of log-probabilities."""

from __future__ import annotations

import msgspec

from antiphon.chat import Logprob, TokenLogprob
from antiphon.completions.dialects.openai.text_answer import text_logprobs


def test_parallel_lists() -> None:
    """Likeliest first, offsets in characters from where the first token begins."""
    entries = [
        Logprob(" é", -0.5, None, [TokenLogprob(" é", -0.5), TokenLogprob(" a", -1.5)]),
        Logprob("b", -0.25, None, []),
    ]
    made = text_logprobs(entries, 4)
    assert msgspec.to_builtins(made) == {
        "tokens": [" é", "b"],
        "token_logprobs": [-0.5, -0.25],
        "top_logprobs": [{" é": -0.5, " a": -1.5}, {"b": -0.25}],
        "text_offset": [4, 6],
    }
    assert list(made.top_logprobs[0]) == [" é", " a"]


def test_the_drawn_token_is_among_its_alternatives() -> None:
    """As OpenAI has it, so that there may be one more than was asked for."""
    made = text_logprobs([Logprob("c", -3.0, None, [TokenLogprob("a", -0.5), TokenLogprob("b", -1.0)])], 0)
    assert made.top_logprobs == [{"a": -0.5, "b": -1.0, "c": -3.0}]


def test_parts_of_characters_are_shown_as_bytes() -> None:
    """Two of them would be the same replacement character otherwise; without bytes the likelier stays."""
    fox, torn = [0xF0, 0x9F], [0xA6, 0x8A]
    alternatives = [TokenLogprob("\ufffd", -0.5, fox), TokenLogprob("\ufffd", -1.5, torn)]
    made = text_logprobs([Logprob("\ufffd", -0.5, fox, alternatives)], 0)
    assert made.tokens == [r"bytes:\xf0\x9f"]
    assert made.top_logprobs == [{r"bytes:\xf0\x9f": -0.5, r"bytes:\xa6\x8a": -1.5}]
    blind = [TokenLogprob("\ufffd", -0.5), TokenLogprob("\ufffd", -1.5)]
    assert text_logprobs([Logprob("a", -2.0, None, blind)], 0).top_logprobs == [{"\ufffd": -0.5, "a": -2.0}]
