"""How the arms of a campaign grew: each unit with the mean of all its values, in the stretch of time it first came in.

So the arms of all stretches together are those of the report, and its last interval is the report's too. Plain
functions over a connection, called within a work.
"""

from __future__ import annotations

from collections.abc import Iterable

from antiphon.campaigns.aggregates import MEASURED, REAL, WITHIN, Arms, Part
from antiphon.campaigns.model import Campaign, Measure
from antiphon.db import Connection, Value
from antiphon.verdict.arm import Arm

Growth = dict[int, Arms]  # by when a stretch of time begins


def of_measure(connection: Connection, campaign: Campaign, measure: Measure, width_ms: int, part: Part) -> Growth:
    """What a measure came to, by stretches of time."""
    mean = f"AVG({REAL.format(MEASURED[measure])})"
    units = (
        f"SELECT MIN(at_ms) AS first, {mean} AS value FROM campaign_requests"
        f" WHERE campaign_id = :campaign_id AND variant = :variant AND {WITHIN} GROUP BY unit"
    )
    return _grown(connection, units, campaign, width_ms, part)


def of_scores(
    connection: Connection, campaign: Campaign, metric_id: str, kind: str, width_ms: int, part: Part
) -> Growth:
    """What people said came to, by stretches of time."""
    units = (
        "SELECT MIN(at_ms) AS first, AVG(value) AS value FROM campaign_scores WHERE campaign_id = :campaign_id"
        f" AND metric_id = :metric_id AND kind = :kind AND variant = :variant AND {WITHIN} GROUP BY unit"
    )
    return _grown(connection, units, campaign, width_ms, part, metric_id=metric_id, kind=kind)


def together(parts: Iterable[Growth]) -> Growth:
    """The growth of all parts as one, in the order of time; the units of each part are its own."""
    whole: Growth = {}
    for part in parts:
        for from_ms, arms in part.items():
            before = whole.setdefault(from_ms, {})
            for key, arm in arms.items():
                before[key] = before.get(key, Arm()).plus(arm)
    return dict(sorted(whole.items()))


def _grown(
    connection: Connection, units: str, campaign: Campaign, width_ms: int, part: Part, **values: Value
) -> Growth:
    sql = (
        "SELECT first / :width_ms, COUNT(value), SUM(value), SUM(value * value)"
        f" FROM ({units}) AS units WHERE value IS NOT NULL GROUP BY 1"
    )
    values |= {"campaign_id": campaign.id, "width_ms": width_ms, "low": part.low, "high": part.high}
    found: Growth = {}
    for variant in campaign.variants:
        for stretch, n, total, squares in connection.all(sql, variant=variant.key, **values):
            arms = found.setdefault(int(stretch) * width_ms, {})
            arms[variant.key] = Arm(int(n), float(total), float(squares))
    return found
