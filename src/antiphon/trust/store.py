"""Checks of nodes in the database. Plain functions over a connection, called within a work."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

import msgspec

from antiphon.db import Connection
from antiphon.trust.kinds import TESTS, Kind
from antiphon.trust.model import Evidence, Outcome, Standing, Tally
from antiphon.trust.reputation import Reputation
from antiphon.trust.sequential import convicts, suspicion

EVIDENCE_MAX = 500  # failures that are kept of one node, the latest

NODES = "SELECT node, passed, failed, at_ms, accused, since_ms FROM trust_nodes"
KEEP = (
    "INSERT INTO trust_nodes (node, passed, failed, at_ms, accused, since_ms)"
    " VALUES (:node, :passed, :failed, :at_ms, :accused, :since_ms) ON CONFLICT (node) DO UPDATE SET"
    " passed = excluded.passed, failed = excluded.failed, at_ms = excluded.at_ms, accused = excluded.accused,"
    " since_ms = excluded.since_ms"
)
TALLY = "SELECT kind, ratio, checks, failures FROM trust_tallies WHERE node = :node"
COUNT = (
    "INSERT INTO trust_tallies (node, kind, ratio, checks, failures) VALUES (:node, :kind, :ratio, :checks, :failures)"
    " ON CONFLICT (node, kind) DO UPDATE SET ratio = excluded.ratio, checks = excluded.checks,"
    " failures = excluded.failures"
)
FILE = (
    "INSERT INTO trust_evidence (id, node, kind, at_ms, content) VALUES (:id, :node, :kind, :at_ms, :content)"
    " ON CONFLICT (id) DO NOTHING"
)
FILED = "SELECT id, at_ms, content FROM trust_evidence WHERE node = :node ORDER BY at_ms DESC, id DESC LIMIT :limit"
PRUNE = (
    "DELETE FROM trust_evidence WHERE node = :node AND id NOT IN"
    " (SELECT id FROM trust_evidence WHERE node = :node ORDER BY at_ms DESC, id DESC LIMIT :limit)"
)
PARDON = "UPDATE trust_nodes SET accused = NULL, since_ms = :at_ms, failed = 0 WHERE node = :node"

_decoder = msgspec.json.Decoder(Outcome)


def record(connection: Connection, outcomes: Mapping[str, Outcome], *, at_ms: int) -> list[Standing]:
    """Count checks, by ids of their own, and keep those that failed; the nodes that are in quarantine since now."""
    by_node: defaultdict[str, dict[str, Outcome]] = defaultdict(dict)
    for outcome_id, outcome in outcomes.items():
        by_node[outcome.node][outcome_id] = outcome
    accused = []
    for node, own in sorted(by_node.items()):
        _file(connection, node, own, at_ms)
        before = _standing(connection, node)
        kind = _count(connection, node, list(own.values()))
        failed = sum(outcome.failed for outcome in own.values())
        reputation = before.reputation.after(len(own) - failed, failed, at_ms)
        fresh = kind is not None and before.accused is None
        after = Standing(
            node,
            reputation,
            accused=kind if fresh else before.accused,
            since_ms=at_ms if fresh else before.since_ms,
        )
        _keep(connection, after)
        if fresh:
            accused.append(after)
    return accused


def standings(connection: Connection) -> dict[str, Standing]:
    """What is thought of every node that was ever checked."""
    most: defaultdict[str, int] = defaultdict(int)
    for node, ratio in connection.all("SELECT node, MAX(ratio) FROM trust_tallies GROUP BY node"):
        most[node] = int(ratio)
    rows = connection.all(NODES)
    return {
        row[0]: Standing(row[0], Reputation(*row[1:4]), suspicion(most[row[0]]), accused=row[4], since_ms=row[5])
        for row in rows
    }


def tallies(connection: Connection, node: str) -> list[Tally]:
    """How many checks of each kind a node went through."""
    return [Tally(*row) for row in connection.all(f"{TALLY} ORDER BY kind", node=node)]


def evidence(connection: Connection, node: str, *, limit: int) -> list[Evidence]:
    """The checks that a node failed, the latest first."""
    rows = connection.all(FILED, node=node, limit=limit)
    return [Evidence(row[0], row[1], _decoder.decode(row[2])) for row in rows]


def pardon(connection: Connection, node: str, *, at_ms: int) -> bool:
    """Let a node serve again, and begin its tests anew; False when nothing was known against it."""
    if not connection.run(PARDON, node=node, at_ms=at_ms):
        return False
    connection.run("UPDATE trust_tallies SET ratio = 0 WHERE node = :node", node=node)
    return True


def _file(connection: Connection, node: str, outcomes: Mapping[str, Outcome], at_ms: int) -> None:
    failures = {outcome_id: one for outcome_id, one in outcomes.items() if one.failed}
    for outcome_id, outcome in failures.items():
        content = msgspec.json.encode(outcome).decode()
        connection.run(FILE, id=outcome_id, node=node, kind=outcome.kind, at_ms=at_ms, content=content)
    if failures:
        connection.run(PRUNE, node=node, limit=EVIDENCE_MAX)


def _count(connection: Connection, node: str, outcomes: Sequence[Outcome]) -> Kind | None:
    """Go on with the node's tests; the kind of check by which it is found to lie, None when it is not."""
    known = {row[0]: Tally(*row) for row in connection.all(TALLY, node=node)}
    found: Kind | None = None
    for kind in sorted({outcome.kind for outcome in outcomes}):
        told = [outcome.failed for outcome in outcomes if outcome.kind == kind]
        before = known.get(kind, Tally(kind, 0, 0, 0))
        ratio = TESTS[kind].fold(before.ratio, told)
        connection.run(
            COUNT,
            node=node,
            kind=kind,
            ratio=ratio,
            checks=before.checks + len(told),
            failures=before.failures + sum(told),
        )
        if convicts(ratio):
            found = found or kind
    return found


def _standing(connection: Connection, node: str) -> Standing:
    row = connection.one(f"{NODES} WHERE node = :node", node=node)
    if row is None:
        return Standing(node, Reputation())
    return Standing(node, Reputation(*row[1:4]), accused=row[4], since_ms=row[5])


def _keep(connection: Connection, standing: Standing) -> None:
    told = standing.reputation
    connection.run(
        KEEP,
        node=standing.node,
        passed=told.passed,
        failed=told.failed,
        at_ms=told.at_ms,
        accused=standing.accused,
        since_ms=standing.since_ms,
    )
