"""Whether a mean is beyond a limit for certain: what a guardrail asks after every look. Pure."""

from __future__ import annotations

from math import exp

from antiphon.verdict.arm import Arm
from antiphon.verdict.compare import Kind, evidence


def above(arm: Arm, limit: float, kind: Kind) -> float:
    """The chance, at most, of evidence as strong at any time if the arm's mean is the limit or less."""
    return exp(-max(0.0, evidence(kind).log_e_above(arm, limit))) if arm.n else 1.0
