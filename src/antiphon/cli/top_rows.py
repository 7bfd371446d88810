"""What `antiphon top` shows of two looks at a gateway: as values for scripts, and as lines for a terminal. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from antiphon.cli.sight import Change, Json, gauge
from antiphon.cli.stored import plain

GENERATED = "gen_ai_server_request_duration_seconds_count"
FIRST = "gen_ai_server_time_to_first_token_seconds"
LATER = "gen_ai_server_time_per_output_token_seconds"
TOKENS = "gen_ai_client_token_usage_sum"
MODELS = ("MODEL", "NODES", "ANSWERS/S", "FAILED/S", "TOKENS/S", "FIRST TOKEN 50 %", "95 %", "LATER ONES 50 %")
NODES = ("NODE", "PRESENCE", "BUSY", "QUEUED", "TOKENS/S", "MODELS")
USDC_AN_HOUR = 3600 / 1_000_000


class ModelRow(Struct, frozen=True):
    """A model; times in seconds, None where nothing was generated meanwhile."""

    model: str
    nodes: int
    answers_per_s: float
    failures_per_s: float
    tokens_per_s: float
    first_token_s: float | None
    first_token_95_s: float | None
    later_token_s: float | None


class Top(Struct, frozen=True):
    """All that is shown."""

    status: str
    in_flight: int
    waiting: int
    lag_s: float
    memory_share: float
    shed_per_s: float
    credit_refusals_per_s: float
    charged_usdc_per_h: float
    models: tuple[ModelRow, ...]
    nodes: tuple[Json, ...]


def top(change: Change) -> Top:
    """What is shown of two looks."""
    now = change.now
    return Top(
        status=str(now.health.get("status", "unknown")),
        in_flight=int(gauge(now, "antiphon_requests_in_flight")),
        waiting=int(gauge(now, "antiphon_requests_waiting")),
        lag_s=gauge(now, "antiphon_event_loop_lag_seconds"),
        memory_share=gauge(now, "antiphon_memory_used_ratio"),
        shed_per_s=change.rate("antiphon_shed_requests_total"),
        credit_refusals_per_s=change.rate("antiphon_credit_refusals_total"),
        charged_usdc_per_h=change.rate("antiphon_charged_micro_usdc_total", ledger="USDC") * USDC_AN_HOUR,
        models=tuple(_model(change, str(one["id"]), int(one["nodes"])) for one in now.health.get("models", ())),
        nodes=now.nodes,
    )


def lines(shown: Top, where: str, at: str) -> Iterator[str]:
    """Those of a terminal; what a stranger's node calls itself moves no cursor."""
    yield f"antiphon top   {where}   {shown.status}   {at}"
    yield (
        f"in flight {shown.in_flight}   waiting {shown.waiting}   loop lag {shown.lag_s * 1000:.0f} ms"
        f"   memory {shown.memory_share:.0%}   shed {shown.shed_per_s:.1f}/s"
        f"   no credit {shown.credit_refusals_per_s:.1f}/s   charged {shown.charged_usdc_per_h:.2f} USDC/h"
    )
    yield ""
    yield from _table([MODELS, *map(_cells, shown.models)])
    if shown.nodes:
        yield ""
        yield from _table([NODES, *map(_node, shown.nodes)])


def _model(change: Change, model: str, nodes: int) -> ModelRow:
    return ModelRow(
        model,
        nodes,
        answers_per_s=change.rate(GENERATED, gen_ai_request_model=model),
        failures_per_s=change.rate("antiphon_failures_total", model=model),
        tokens_per_s=change.rate(TOKENS, gen_ai_request_model=model, gen_ai_token_type="output"),  # noqa: S106 - tokens
        first_token_s=change.quantile(0.5, FIRST, gen_ai_request_model=model),
        first_token_95_s=change.quantile(0.95, FIRST, gen_ai_request_model=model),
        later_token_s=change.quantile(0.5, LATER, gen_ai_request_model=model),
    )


def _cells(row: ModelRow) -> tuple[str, ...]:
    return (
        row.model,
        str(row.nodes),
        f"{row.answers_per_s:.1f}",
        f"{row.failures_per_s:.1f}",
        f"{row.tokens_per_s:.0f}",
        _time(row.first_token_s),
        _time(row.first_token_95_s),
        _time(row.later_token_s),
    )


def _node(node: Json) -> tuple[str, ...]:
    speed = node.get("decode_speed")
    return (
        str(node["name"]),
        str(node["presence"]) if node["state"] == "active" else str(node["state"]),
        f"{node['running']}/{node['slots']}",
        str(node["queued"]),
        "" if speed is None else f"{speed:.0f}",
        ", ".join(str(model["name"]) for model in node["models"]),
    )


def _time(seconds: float | None) -> str:
    if seconds is None:
        return "-"
    return f"{seconds:.2f} s" if seconds >= 1 else f"{seconds * 1000:.0f} ms"


def _table(rows: list[tuple[str, ...]]) -> Iterator[str]:
    clean = [tuple(map(plain, row)) for row in rows]
    widths = [max(len(row[column]) for row in clean) for column in range(len(clean[0]))]
    for row in clean:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
