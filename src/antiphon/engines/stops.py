"""What is done to the deltas of a job that has stop texts, by what its engine does about them. Pure."""

from __future__ import annotations

from typing import Protocol

from antiphon.chat import Delta, Sampling
from antiphon.engines.kinds import EngineKind
from antiphon.engines.logprob_aligner import LogprobAligner
from antiphon.engines.stop_cutter import StopCutter


class Stops(Protocol):
    """Sees every delta of one stream."""

    @property
    def cut(self) -> bool:
        """Whether a stop text has come that the engine knows nothing of: it must be ended."""
        ...

    def feed(self, delta: Delta) -> list[Delta]:
        """The deltas that can be shown now."""
        ...


def stops(sampling: Sampling, kind: EngineKind) -> Stops | None:
    """None where nothing need be done, the usual case, which then costs nothing."""
    if not sampling.stop:
        return None
    if not kind.cuts_stops:
        return StopCutter(sampling.stop)
    return LogprobAligner() if sampling.logprobs else None
