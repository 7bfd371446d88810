"""Log-probabilities follow the text that was sent."""

from __future__ import annotations

from antiphon.chat import Delta, Logprob
from antiphon.completions.align import LogprobAligner

A = Logprob("ab", -0.1)
B = Logprob("cd", -0.2)


def test_entries_wait_for_their_text() -> None:
    """An entry that came before its text goes out with it."""
    aligner = LogprobAligner()
    assert aligner.align(Delta(content="ab", logprobs=(A, B))).logprobs == (A,)
    assert aligner.align(Delta(content="c")).logprobs == ()
    assert aligner.align(Delta(content="d")).logprobs == (B,)


def test_entries_without_text_are_dropped_at_a_stop() -> None:
    """The tokens of a withheld stop text are not listed."""
    aligner = LogprobAligner()
    delta = Delta(content="ab", logprobs=(A, B), finish_reason="stop")
    assert aligner.align(delta) == Delta(content="ab", logprobs=(A,), finish_reason="stop")


def test_all_entries_go_out_at_the_length_limit() -> None:
    """A cut answer holds no stop text, so nothing was withheld."""
    aligner = LogprobAligner()
    assert aligner.align(Delta(content="ab", logprobs=(A, B), finish_reason="length")).logprobs == (A, B)


def test_bytes_measure_a_token_that_holds_half_a_character() -> None:
    """The replacement character in `token` says nothing about its size."""
    halves = (Logprob("\ufffd", -1, bytes=[0xC3]), Logprob("\ufffd", -1, bytes=[0xA9]))
    assert LogprobAligner().align(Delta(content="\u00e9", logprobs=halves)).logprobs == halves
