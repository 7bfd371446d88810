"""Checks of nodes and what they found, as values. Pure."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from antiphon.chat import Logprob
from antiphon.engines import Engine, Job
from antiphon.trust.kinds import Kind
from antiphon.trust.reputation import Reputation

# How an answer is looked at: with log-probabilities, which its node is asked for, or so that the node cannot tell.
Look = Literal["asked", "hidden"]


class Answer(Struct, frozen=True):
    """A finished answer that is to be looked at: what was asked for, all that came, and the tokens that were told of.

    `owes_logprobs`: they were asked for, and the node's engine tells them, so that it has none is a failure. `engine`
    is the node's, to be asked once more where the text by itself tells too little.
    """

    node: str
    model: str
    request: str
    job: Job
    text: str
    entries: tuple[Logprob, ...]
    told_tokens: int
    owes_logprobs: bool = True
    engine: Engine | None = None


class Reference(Struct, frozen=True):
    """An engine of our own that serves the same model, its name there, and how far apart a node may be from it."""

    engine: Engine
    model: str
    tolerance: float


class Outcome(Struct, frozen=True):
    """One check of one node; `says` tells in a sentence what was found, and `details` by which values."""

    node: str
    kind: Kind
    failed: bool
    model: str = ""
    request: str = ""
    says: str = ""
    details: dict[str, str] = {}


class Evidence(Struct, frozen=True):
    """A check that a node failed, as it is kept."""

    id: str
    at_ms: int
    outcome: Outcome


class Standing(Struct, frozen=True):
    """What is thought of a node. `accused` is the kind of check that put it into quarantine, None while it serves."""

    node: str
    reputation: Reputation
    suspicion: float = 0.0
    accused: Kind | None = None
    since_ms: int = 0

    def factor(self, now_ms: int) -> float:
        """How much of its work it gets; nothing in quarantine."""
        if self.accused is not None:
            return 0.0
        return self.reputation.factor(now_ms) * (1 - self.suspicion / 2)


class Tally(Struct, frozen=True):
    """All checks of one kind that a node went through."""

    kind: Kind
    ratio: int
    checks: int
    failures: int
