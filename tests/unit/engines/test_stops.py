"""Who cuts off stop texts, and what is left to do here."""

from __future__ import annotations

import pytest

from antiphon.chat import Sampling
from antiphon.engines import Job
from antiphon.engines.kinds import kind
from antiphon.engines.logprob_aligner import LogprobAligner
from antiphon.engines.stop_cutter import StopCutter
from antiphon.engines.stops import stops, stops_itself, tally


def job(*stop: str, logprobs: bool = False, calls_in_text: bool = False) -> Job:
    """A job with these stop texts."""
    return Job("m", (), Sampling(stop=stop, logprobs=logprobs), calls_in_text=calls_in_text)


def test_what_is_done_follows_the_kind_and_the_job() -> None:
    """Nothing without a stop text; all of it for llama.cpp; entries are kept in step, by whole tokens for vLLM."""
    for name in ("llama.cpp", "vllm"):
        assert stops(job(logprobs=True), kind(name)) is None
        assert tally(job(), kind(name)) is None
    assert isinstance(stops(job("a"), kind("llama.cpp")), StopCutter)
    assert stops(job("a"), kind("vllm")) is None
    assert isinstance(stops(job("a", logprobs=True), kind("vllm")), StopCutter)
    assert isinstance(stops(job("a", logprobs=True), kind("openai")), LogprobAligner)
    assert (tally(job("a"), kind("llama.cpp")), tally(job("a"), kind("vllm"))) == ("timings", None)


@pytest.mark.parametrize(
    ("name", "itself", "told"), [("llama.cpp", False, "timings"), ("vllm", False, "usage"), ("openai", True, None)]
)
def test_text_that_holds_calls_is_cut_by_who_reads_them(name: str, itself: bool, told: str | None) -> None:
    """Where the engine can tell on its way what it has taken; else it cuts the whole text, calls too."""
    asked = job("a", calls_in_text=True)
    assert stops(asked, kind(name)) is None
    assert (stops_itself(asked, kind(name)), tally(asked, kind(name))) == (itself, told)
