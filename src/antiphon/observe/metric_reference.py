"""The reference of metrics, made from what a scrape of a new gateway says.

`python -m antiphon.observe.metric_reference FILE` writes it; a test fails when the file in `docs/` is not what this
module writes.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from antiphon.markdown import table
from antiphon.models.outcomes import Tally
from antiphon.observe.metrics import Metrics

CONVENTION = "gen_ai_"
CREATED = "_created"  # when a counter began, which the library adds to each
INTRODUCTION = """\
# Metrics

<!-- Made by `make docs` from src/antiphon/observe; do not edit. -->

What `/metrics` shows, in Prometheus' text format: public, unless `observability.metrics_public` is false. No label
holds a user, a key or text. Each gateway counts what it did itself; add them up. What to watch, and the alerts that are
shipped: [see what goes on](../observability.md).
"""
BY_CONVENTION = """
## By OpenTelemetry's convention

Named as the conventions for generative AI have it, with the labels `gen_ai_operation_name`, `gen_ai_request_model` and
`gen_ai_provider_name`. They count answers that ended well.
"""
OWN = """
## The gateway's own
"""


def markdown() -> str:
    """The whole reference."""
    known = list(_families())
    ours = [row for row in known if not row[0].startswith(f"`{CONVENTION}")]
    head = ("metric", "type", "what it tells")
    shared = [row for row in known if row not in ours]
    return "\n".join([INTRODUCTION + BY_CONVENTION, table([head, *shared]) + OWN, table([head, *ours])])


def _families() -> Iterator[tuple[str, str, str]]:
    """Name, type and help of each metric, as a scrape shows them."""
    metrics = Metrics()
    metrics.watch_placement(Tally())
    meanings: dict[str, str] = {}
    for line in metrics.text().decode().splitlines():
        _, kind, name, rest = line.split(" ", 3) if line.startswith("# ") else ("", "", "", "")
        if kind == "HELP":
            meanings[name] = rest
        elif kind == "TYPE" and not name.endswith(CREATED):
            yield f"`{name}`", rest, meanings[name]


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(markdown(), encoding="utf-8")
