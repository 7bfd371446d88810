"""A million requests and a million values, in each database: `make verdicts` makes them and takes the time."""

from __future__ import annotations

import functools
import os
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from antiphon.campaigns.model import Goal, Weighting
from antiphon.campaigns.report import Reports
from antiphon.clock import ManualClock
from antiphon.db import Connection, Database
from tests.fixtures.databases.server import PostgresServer
from tests.unit.campaigns.counted_rows import keep_metrics
from tests.unit.campaigns.drafts import draft
from tests.unit.feedback.said import LIKED

ROWS = 1_000_000
UNITS = 400_000
SECONDS_MAX = 2.0
PART = 10_000  # rows of one work: a statement may take a second and a half
# Numbers that are scattered enough, made by the database: a unit's variant is its own for ever.
NUMBERS = (
    "WITH RECURSIVE counted(i) AS"
    " (SELECT CAST(:begin AS BIGINT) UNION ALL SELECT i + 1 FROM counted WHERE i + 1 < :end),"
    f" numbered AS (SELECT i, (i * 7919) % {UNITS} AS number FROM counted),"
    f" drawn AS (SELECT i, number, (number - {UNITS // 2}) * {2**64 // UNITS} AS unit FROM numbered)"
)
VARIANT = "CASE number % 2 WHEN 0 THEN 'a' ELSE 'b' END"
REQUESTS = (
    "INSERT INTO campaign_requests (answer_id, campaign_id, variant, unit, at_ms, latency_ms, ttft_ms, cost_micro_usdc,"
    f" prompt_tokens, completion_tokens, failed, refused) {NUMBERS} SELECT 'chatcmpl-' || i, 'c-id', {VARIANT}, unit,"
    " i * 100, (i * 31) % 997, (i * 37) % 101, i % 5000, i % 900, i % 300, CASE i % 100 WHEN 0 THEN 1 ELSE 0 END, 0"
    " FROM drawn"
)
SCORES = (
    "INSERT INTO campaign_scores (campaign_id, metric_id, kind, subject, who, variant, unit, at_ms, value)"
    f" {NUMBERS} SELECT 'c-id', '{LIKED}', 'direct', 'completion-' || i, i, {VARIANT}, unit, i * 100,"
    " CASE WHEN (i * 104729) % 1000 < 500 + 10 * (number % 2) THEN 1.0 ELSE 0.0 END FROM drawn"
)


@pytest.fixture(params=["sqlite", "postgres"])
def database_kind(request: pytest.FixtureRequest) -> str:
    """Both, and neither with every work run twice."""
    return str(request.param)


async def fill(database: Database) -> None:
    """Make the rows."""
    for statement in (REQUESTS, SCORES):
        for begin in range(0, ROWS, PART):
            await database.write(functools.partial(_part, statement, begin))


def _part(statement: str, begin: int, connection: Connection) -> int:
    return connection.run(statement, begin=begin, end=begin + PART)


def backends(server: PostgresServer) -> list[int]:
    """The processes that serve connections."""
    rows = server.run("SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend'")
    return [int(row[0]) for row in rows]


def worked_s(pids: Sequence[int]) -> float:
    """How long processors have worked for these processes: what others do on the machine does not count."""
    threads = [
        thread for pid in pids if Path(f"/proc/{pid}").exists() for thread in Path(f"/proc/{pid}/task").iterdir()
    ]
    return sum(int((thread / "schedstat").read_text(encoding="ascii").split()[0]) for thread in threads) / 1e9


@pytest.mark.slow
async def test_a_million_is_reported_in_two_seconds(
    database: Database, database_kind: str, database_url: str, request: pytest.FixtureRequest
) -> None:
    """The whole report, with every measure, on either database."""
    await keep_metrics(database)
    await fill(database)
    goals = (Goal("liked"), Goal("latency_ms", "measure"))
    campaign = draft(goals=goals, weightings=(Weighting(0, (1.0, 1.0)),), status="running", started_at_ms=0)
    reports = Reports(database, clock=ManualClock())
    await reports.of(campaign)  # so that whoever reads is connected
    pids = [os.getpid()]
    if database_kind == "postgres":
        server: PostgresServer = request.getfixturevalue("postgres")
        for table in ("campaign_requests", "campaign_scores"):
            server.run(f"VACUUM (ANALYZE) {table}", url=database_url)  # as it does by itself in time
        pids += backends(server)
    taken = []
    for _ in range(3):
        before, begun = worked_s(pids), time.perf_counter()
        report = await reports.of(campaign)
        taken.append(worked_s(pids) - before)
        print(f"{database_kind}: {time.perf_counter() - begun:.2f} s, of which processors worked {taken[-1]:.2f} s")
    assert sum(standing.n for standing in report.verdict.metrics[0].standings) == UNITS
    assert min(taken) <= SECONDS_MAX
