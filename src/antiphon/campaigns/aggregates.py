"""What a campaign has counted, summed in the database: units per variant, the sums of their means and squares.

Each unit of assignment counts once, with the mean of its values: those of one user are alike, so counting each request
would make a few busy users look like many. Plain functions over a connection, called within a work.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from antiphon.campaigns.model import Campaign, Measure, Weighting
from antiphon.db import Connection, Row
from antiphon.verdict.arm import Arm
from antiphon.verdict.compare import Tally
from antiphon.verdict.picture import Point
from antiphon.verdict.ratio import Period

COLUMNS = (
    "answer_id, campaign_id, variant, unit, at_ms, latency_ms, ttft_ms, cost_micro_usdc, prompt_tokens,"
    " completion_tokens, failed, refused"
)
PLACES = ", ".join(f":{name}" for name in COLUMNS.split(", "))
# What a measure is of a request, by the column that holds it.
MEASURED: dict[Measure, str] = {
    "latency_ms": "latency_ms",
    "ttft_ms": "ttft_ms",
    "cost_micro_usdc": "cost_micro_usdc",
    "prompt_tokens": "prompt_tokens",
    "completion_tokens": "completion_tokens",
    "error_rate": "failed",
    "refusal_rate": "refused",
}
MINUTE_MS = 60_000

Arms = dict[str, Arm]


class Counted(Struct, frozen=True, kw_only=True):
    """A request that took part in a campaign; no times where nothing came, so that failures are not taken for speed."""

    campaign_id: str
    answer_id: str
    variant: str
    unit: int
    at_ms: int
    latency_ms: float | None = None
    ttft_ms: float | None = None
    cost_micro_usdc: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    failed: bool = False
    refused: bool = False


def count(connection: Connection, counted: Counted) -> None:
    """Count a request; one that is counted already stays as it is."""
    connection.run(
        f"INSERT INTO campaign_requests ({COLUMNS}) VALUES ({PLACES}) ON CONFLICT (answer_id) DO NOTHING",
        answer_id=counted.answer_id,
        campaign_id=counted.campaign_id,
        variant=counted.variant,
        unit=counted.unit,
        at_ms=counted.at_ms,
        latency_ms=counted.latency_ms,
        ttft_ms=counted.ttft_ms,
        cost_micro_usdc=counted.cost_micro_usdc,
        prompt_tokens=counted.prompt_tokens,
        completion_tokens=counted.completion_tokens,
        failed=int(counted.failed),
        refused=int(counted.refused),
    )


def measures(connection: Connection, campaign_id: str, wanted: Sequence[Measure]) -> dict[Measure, Arms]:
    """Of each measure that is wanted, the arm of each variant."""
    if not wanted:
        return {}
    means = ", ".join(f"AVG({MEASURED[one]}) AS {one}" for one in wanted)
    rows = connection.all(
        f"SELECT variant, {', '.join(map(_sums, wanted))} FROM (SELECT variant, {means} FROM campaign_requests"
        " WHERE campaign_id = :campaign_id GROUP BY variant, unit) AS units GROUP BY variant",
        campaign_id=campaign_id,
    )
    return _by_measure(wanted, rows)


def measures_of_requests(connection: Connection, campaign_id: str, wanted: Sequence[Measure]) -> dict[Measure, Arms]:
    """The same with each request for itself, as guardrails look at it: what breaks is a variant, whoever asks."""
    if not wanted:
        return {}
    rows = connection.all(
        f"SELECT variant, {', '.join(_sums(MEASURED[one]) for one in wanted)} FROM campaign_requests"
        " WHERE campaign_id = :campaign_id GROUP BY variant",
        campaign_id=campaign_id,
    )
    return _by_measure(wanted, rows)


def scores(connection: Connection, campaign_id: str, metric_id: str, kind: str) -> Arms:
    """The arm of each variant by what people said: `direct` of completions, or `outcome` of sessions."""
    rows = connection.all(
        "SELECT variant, COUNT(value), SUM(value), SUM(value * value) FROM (SELECT variant, AVG(value) AS value"
        " FROM campaign_scores WHERE campaign_id = :campaign_id AND metric_id = :metric_id AND kind = :kind"
        " GROUP BY variant, unit) AS units GROUP BY variant",
        campaign_id=campaign_id,
        metric_id=metric_id,
        kind=kind,
    )
    return {row[0]: _arm(row[1:]) for row in rows}


def preferences(
    connection: Connection, campaign_id: str, metric_id: str, variants: Sequence[str]
) -> dict[tuple[str, str], Tally]:
    """How often each of two variants was preferred to the other, for pairs in the order of `variants`."""
    rows = connection.all(
        "SELECT preferred, other, SUM(1 - tied), SUM(tied) FROM campaign_preferences"
        " WHERE campaign_id = :campaign_id AND metric_id = :metric_id GROUP BY preferred, other",
        campaign_id=campaign_id,
        metric_id=metric_id,
    )
    won = {(row[0], row[1]): (int(row[2]), int(row[3])) for row in rows}
    nothing = (0, 0)
    return {
        (first, second): Tally(
            won.get((first, second), nothing)[0],
            won.get((second, first), nothing)[0],
            won.get((first, second), nothing)[1] + won.get((second, first), nothing)[1],
        )
        for place, first in enumerate(variants)
        for second in variants[place + 1 :]
        if (first, second) in won or (second, first) in won
    }


def periods(connection: Connection, campaign: Campaign) -> list[Period]:
    """How many units first came while each of the campaign's weightings held, by variant."""
    names = [variant.key for variant in campaign.variants]
    if len(campaign.weightings) < 2:
        weights = campaign.weightings[0].weights if campaign.weightings else [one.weight for one in campaign.variants]
        units = connection.all(
            "SELECT variant, COUNT(DISTINCT unit) FROM campaign_requests WHERE campaign_id = :campaign_id"
            " GROUP BY variant",
            campaign_id=campaign.id,
        )
        return [Period(dict(zip(names, weights, strict=True)), {row[0]: int(row[1]) for row in units})]
    return _by_weighting(names, campaign.weightings, _first_units(connection, campaign.id, names))


def points(connection: Connection, campaign_id: str, metric_id: str, kind: str, bucket_ms: int) -> list[Point]:
    """What people said by stretches of time, in their order."""
    return _points(
        connection.all(
            "SELECT variant, at_ms / :bucket_ms, COUNT(value), AVG(value) FROM campaign_scores"
            " WHERE campaign_id = :campaign_id AND metric_id = :metric_id AND kind = :kind GROUP BY 1, 2 ORDER BY 2, 1",
            campaign_id=campaign_id,
            metric_id=metric_id,
            kind=kind,
            bucket_ms=bucket_ms,
        ),
        bucket_ms,
    )


def measure_points(connection: Connection, campaign_id: str, measure: Measure, bucket_ms: int) -> list[Point]:
    """A measure by stretches of time, in their order."""
    column = MEASURED[measure]
    return _points(
        connection.all(
            f"SELECT variant, at_ms / :bucket_ms, COUNT({column}), AVG({column}) FROM campaign_requests"
            f" WHERE campaign_id = :campaign_id AND {column} IS NOT NULL GROUP BY 1, 2 ORDER BY 2, 1",
            campaign_id=campaign_id,
            bucket_ms=bucket_ms,
        ),
        bucket_ms,
    )


def _first_units(connection: Connection, campaign_id: str, names: Sequence[str]) -> list[Row]:
    """For each minute and variant's number, how many units came for the first time and got that variant."""
    numbers = " ".join(f"WHEN :variant{number} THEN {number}" for number in range(len(names)))
    return connection.all(
        f"SELECT first / (16 * {MINUTE_MS}), first % 16, COUNT(*) FROM (SELECT MIN(at_ms * 16 + CASE variant {numbers}"
        " ELSE 15 END) AS first FROM campaign_requests WHERE campaign_id = :campaign_id GROUP BY unit) AS units"
        " GROUP BY 1, 2",
        campaign_id=campaign_id,
        **{f"variant{number}": name for number, name in enumerate(names)},
    )


def _by_weighting(names: Sequence[str], weightings: Sequence[Weighting], rows: Sequence[Row]) -> list[Period]:
    """Minutes within which weights changed belong to no period: what was expected then is not one number."""
    found: list[Period] = []
    for place, weighting in enumerate(weightings):
        begin = -(-weighting.from_ms // MINUTE_MS) if place else 0
        end = weightings[place + 1].from_ms // MINUTE_MS if place + 1 < len(weightings) else None
        units = dict.fromkeys(names, 0)
        for minute, number, n in rows:
            if begin <= minute and (end is None or minute < end) and number < len(names):
                units[names[number]] += n
        found.append(Period(dict(zip(names, weighting.weights, strict=True)), units))
    return found


def _sums(column: str) -> str:
    return (
        f"COUNT({column}), COALESCE(SUM({column}), 0), COALESCE(SUM(CAST({column} AS DOUBLE PRECISION) * {column}), 0)"
    )


def _by_measure(wanted: Sequence[Measure], rows: Sequence[Row]) -> dict[Measure, Arms]:
    return {one: {row[0]: _arm(row[1 + 3 * place :]) for row in rows} for place, one in enumerate(wanted)}


def _arm(row: Row) -> Arm:
    return Arm(int(row[0]), float(row[1]), float(row[2]))


def _points(rows: Sequence[Row], bucket_ms: int) -> list[Point]:
    return [Point(row[0], int(row[1]) * bucket_ms, int(row[2]), float(row[3])) for row in rows]
