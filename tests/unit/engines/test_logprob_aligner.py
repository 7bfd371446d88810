"""Log-probabilities follow the text that was sent."""

from __future__ import annotations

from antiphon.chat import Delta, Logprob
from antiphon.engines.logprob_aligner import LogprobAligner

A = Logprob("ab", -0.1)
B = Logprob("cd", -0.2)


def entries(aligner: LogprobAligner, delta: Delta) -> tuple[Logprob, ...]:
    """What is listed with this delta."""
    return aligner.feed(delta)[0].logprobs


def test_entries_wait_for_their_text() -> None:
    """An entry that came before its text goes out with it."""
    aligner = LogprobAligner()
    assert entries(aligner, Delta(content="ab", logprobs=(A, B))) == (A,)
    assert entries(aligner, Delta(content="c")) == ()
    assert entries(aligner, Delta(content="d")) == (B,)


def test_entries_without_text_are_dropped_at_a_stop() -> None:
    """The tokens of a withheld stop text are not listed."""
    aligner = LogprobAligner()
    delta = Delta(content="ab", logprobs=(A, B), finish_reason="stop")
    assert aligner.feed(delta) == [Delta(content="ab", logprobs=(A,), finish_reason="stop")]


def test_all_entries_go_out_at_the_length_limit() -> None:
    """A cut answer holds no stop text, so nothing was withheld."""
    aligner = LogprobAligner()
    assert entries(aligner, Delta(content="ab", logprobs=(A, B), finish_reason="length")) == (A, B)


def test_bytes_measure_a_token_that_holds_half_a_character() -> None:
    """The replacement character in `token` says nothing about its size."""
    halves = (Logprob("\ufffd", -1, bytes=[0xC3]), Logprob("\ufffd", -1, bytes=[0xA9]))
    assert entries(LogprobAligner(), Delta(content="\u00e9", logprobs=halves)) == halves
