"""Who cuts off stop texts, and what is left to do here."""

from __future__ import annotations

from antiphon.chat import Sampling
from antiphon.engines.kinds import kind
from antiphon.engines.logprob_aligner import LogprobAligner
from antiphon.engines.stop_cutter import StopCutter
from antiphon.engines.stops import stops


def test_what_is_done_follows_the_kind_and_the_job() -> None:
    """Nothing without a stop text; all of it for llama.cpp; for the others only entries are kept in step."""
    for name in ("llama.cpp", "vllm"):
        assert stops(Sampling(logprobs=True), kind(name)) is None
    assert isinstance(stops(Sampling(stop=("a",)), kind("llama.cpp")), StopCutter)
    assert stops(Sampling(stop=("a",)), kind("vllm")) is None
    assert isinstance(stops(Sampling(stop=("a",), logprobs=True), kind("vllm")), LogprobAligner)
