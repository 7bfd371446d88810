"""What is thought of a node, and why, on the wire. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from antiphon.trust.kinds import MEANINGS
from antiphon.trust.model import Evidence, Standing, Tally
from antiphon.trust.sequential import suspicion


class WireTally(Struct, frozen=True):
    """All checks of one kind. `suspicion` is how far they are on the way to a quarantine, which is at 1."""

    kind: str
    meaning: str
    checks: int
    failures: int
    suspicion: float


class WireEvidence(Struct, frozen=True):
    """A check that a node failed; `request` is the request's id, or the attempt's where only that is known."""

    id: str
    at_ms: int
    kind: str
    model: str
    request: str
    says: str
    details: dict[str, str]


class WireStanding(Struct, frozen=True):
    """A node as it stands: `factor` of its work is given to it, 0 in quarantine. The latest evidence stands first."""

    node: str
    quarantined: bool
    accused_of: str | None
    since_ms: int | None
    factor: float
    checks: list[WireTally]
    evidence: list[WireEvidence]
    object: str = "node_evidence"


def shown(standing: Standing, tallies: Sequence[Tally], evidence: Sequence[Evidence], now_ms: int) -> WireStanding:
    """All of it."""
    accused = standing.accused
    return WireStanding(
        standing.node,
        accused is not None,
        None if accused is None else MEANINGS[accused],
        None if accused is None else standing.since_ms,
        round(standing.factor(now_ms), 4),
        [
            WireTally(one.kind, MEANINGS[one.kind], one.checks, one.failures, round(suspicion(one.ratio), 4))
            for one in tallies
        ],
        [_evidence(one) for one in evidence],
    )


def _evidence(one: Evidence) -> WireEvidence:
    told = one.outcome
    return WireEvidence(one.id, one.at_ms, told.kind, told.model, told.request, told.says, told.details)
