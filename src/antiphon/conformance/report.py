"""What the checks found, as a table for people and as JSON for scripts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import groupby
from typing import Any

from rich.markup import escape
from rich.table import Table

from antiphon.conformance.check import Outcome
from antiphon.conformance.verdict import Verdict

STYLES: dict[Verdict, str] = {"pass": "green", "fail": "red", "lacks": "yellow", "error": "magenta"}
WORDS: dict[Verdict, str] = {"pass": "passed", "fail": "failed", "lacks": "lacking", "error": "without an outcome"}


def table(outcomes: Sequence[Outcome]) -> Table:
    """A row for each check, grouped by area; what is not mandatory is marked."""
    made = Table(box=None, pad_edge=False, show_edge=False, expand=False)
    made.add_column("", no_wrap=True)
    made.add_column("CHECK", ratio=1, min_width=30)
    made.add_column("FOUND", ratio=1, min_width=30)
    for area, group in groupby(outcomes, lambda outcome: outcome.check.area):
        made.add_row(f"[bold]{area}[/bold]")
        for outcome in group:
            made.add_row(*_row(outcome))
    return made


def summary(outcomes: Sequence[Outcome]) -> str:
    """The counts, and whether the server may be relied on."""
    counts = Counter(outcome.verdict for outcome in outcomes)
    told = ", ".join(f"{counts[verdict]} {WORDS[verdict]}" for verdict in WORDS if counts[verdict])
    needed = sum(outcome.needed for outcome in outcomes)
    mandatory = sum(outcome.check.mandatory for outcome in outcomes)
    rest = f"{needed} of {mandatory} mandatory checks did not pass." if needed else "All mandatory checks passed."
    return f"{told}. {rest}"


def as_json(outcomes: Sequence[Outcome]) -> dict[str, Any]:  # Any: JSON
    """The same as one JSON object."""
    counts = Counter(outcome.verdict for outcome in outcomes)
    return {
        "ok": conforms(outcomes),
        "counts": {verdict: counts[verdict] for verdict in WORDS},
        "checks": [
            {
                "id": outcome.check.id,
                "area": outcome.check.area,
                "door": outcome.check.door,
                "what": outcome.check.what,
                "source": outcome.check.source,
                "mandatory": outcome.check.mandatory,
                "verdict": outcome.verdict,
                "reason": outcome.reason,
                "took_s": outcome.took_s,
            }
            for outcome in outcomes
        ],
    }


def conforms(outcomes: Sequence[Outcome]) -> bool:
    """Whether every mandatory check passed."""
    return not any(outcome.needed for outcome in outcomes)


def _row(outcome: Outcome) -> tuple[str, str, str]:
    style = STYLES[outcome.verdict]
    optional = "" if outcome.check.mandatory else " [dim](optional)[/dim]"
    mark = f"[{style}]{outcome.verdict:>5}[/{style}]"
    return mark, escape(outcome.check.what) + optional, escape(outcome.reason)
