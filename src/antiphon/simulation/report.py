"""Figures as people and scripts read them: rows of a table, JSON, and a plot. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from antiphon.simulation.figures import Figures

HEADING = (
    "policy", "TTFT p50", "p95", "p99", "good", "tokens/s", "cached", "prefill", "continued", "retried", "refused",
    "failed", "busy",
)  # fmt: skip


def rows(found: Sequence[Figures]) -> list[tuple[str, ...]]:
    """A heading, and a row for each policy."""
    return [HEADING, *(_row(figures) for figures in found)]


def _row(figures: Figures) -> tuple[str, ...]:
    return (
        figures.policy,
        f"{figures.ttft_p50_s:.2f} s",
        f"{figures.ttft_p95_s:.2f} s",
        f"{figures.ttft_p99_s:.2f} s",
        f"{figures.good:.1%}",
        f"{figures.goodput_tokens_per_s:.0f}",
        f"{figures.cached:.1%}",
        f"{figures.prefill_tokens:,}",
        str(figures.continuations),
        str(figures.retries),
        str(figures.refused),
        str(figures.failed),
        f"{figures.busy:.0%}",
    )


def as_json(found: Sequence[Figures]) -> list[dict[str, Any]]:  # Any: numbers and names, as JSON has them
    """One object for each policy, without the single waits."""
    objects: list[dict[str, Any]] = msgspec.to_builtins(list(found))
    for each in objects:
        del each["waits_s"]
    return objects
