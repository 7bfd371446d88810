"""What is done to the deltas of a job that has stop texts, by what its engine does about them. Pure."""

from __future__ import annotations

from typing import Protocol

from antiphon.chat import Delta
from antiphon.engines import Job
from antiphon.engines.kinds import EngineKind, Tally
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


def stops_itself(job: Job, kind: EngineKind) -> bool:
    """Whether an engine is told of stop texts, and cuts its text off there; one that is not must be ended.

    Where calls are read out of its text, it would cut them too; with log-probabilities it holds back a part of a token,
    and nobody could go on behind the other part. Then it is told only if it could not say what it has taken.
    """
    return kind.cuts_stops and not ((job.calls_in_text or job.sampling.logprobs) and kind.tally)


def tally(job: Job, kind: EngineKind) -> Tally | None:
    """How each event is to tell what has been taken: an answer that is ended from here tells no usage at its end."""
    return kind.tally if job.sampling.stop and not stops_itself(job, kind) else None


def stops(job: Job, kind: EngineKind) -> Stops | None:
    """None where nothing need be done, the usual case, which then costs nothing.

    Nor where calls are yet to be read out of the text: whoever does that looks for stop texts in what is left.
    """
    sampling = job.sampling
    if not sampling.stop:
        return None
    if stops_itself(job, kind):
        return LogprobAligner() if sampling.logprobs else None
    return None if job.calls_in_text else StopCutter(sampling.stop)
