"""A standing on the wire: how a node stands, by which checks, with the latest evidence."""

from __future__ import annotations

from antiphon.trust.kinds import MEANINGS
from antiphon.trust.model import Evidence, Outcome, Standing, Tally
from antiphon.trust.reputation import Reputation
from antiphon.trust.sequential import BOUND
from antiphon.trust.wire import shown


def test_a_node_that_serves() -> None:
    """Nothing is held against it."""
    told = shown(Standing("a", Reputation()), [Tally("usage", 0, 5, 0)], [], 0)
    assert (told.quarantined, told.accused_of, told.since_ms, told.factor, told.evidence) == (
        False,
        None,
        None,
        1.0,
        [],
    )
    assert (told.checks[0].checks, told.checks[0].suspicion, told.checks[0].meaning) == (5, 0.0, MEANINGS["usage"])


def test_a_node_in_quarantine() -> None:
    """Since when and for what, with what it failed."""
    outcome = Outcome("a", "model", failed=True, model="m", request="req_1", says="It lied.", details={"answer": "x"})
    standing = Standing("a", Reputation(), 1.0, accused="model", since_ms=7)
    told = shown(standing, [Tally("model", BOUND, 5, 5)], [Evidence("chk_1", 7, outcome)], 9)
    assert (told.quarantined, told.accused_of, told.since_ms, told.factor) == (True, MEANINGS["model"], 7, 0.0)
    assert told.checks[0].suspicion == 1.0
    (evidence,) = told.evidence
    assert (evidence.id, evidence.at_ms, evidence.kind, evidence.request) == ("chk_1", 7, "model", "req_1")
    assert (evidence.says, evidence.details) == ("It lied.", {"answer": "x"})
