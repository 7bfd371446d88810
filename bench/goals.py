"""The figures that the project holds itself to, each compared with what was measured."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from bench.results import REFERENCE, Cost, Results, Turn

OURS = "antiphon"
METERED = "antiphon-metered"
DOOR_RATIO_MAX = 1.1
METERED_RATIO_MAX = 1.5


@dataclass(frozen=True, kw_only=True)
class Goal:
    """One promise: `value` must not exceed `limit`, or with `at_least` not stay below it."""

    text: str
    value: float
    limit: float
    at_least: bool = False

    @property
    def met(self) -> bool:
        """Whether the promise was kept."""
        return self.value >= self.limit if self.at_least else self.value <= self.limit

    def line(self) -> str:
        """The goal, its limit, what was measured and the verdict, in one line."""
        sign = "≥" if self.at_least else "≤"
        return f"{self.text}: {self.value:.2f} (goal {sign} {self.limit:g}) {'met' if self.met else 'MISSED'}"


def of_cost(cost: Cost) -> Iterator[Goal]:
    """The goals of the side-by-side comparison, as far as the gateways that they name took part."""
    ours, litellm = cost.row(OURS), cost.row("litellm")
    if ours is None:
        return
    mine = ours.medians
    yield Goal(text="failed requests of ours", value=mine.errors or 0.0, limit=0)
    if (turn := cost.turn(OURS)) is not None:
        yield from _against(turn)
    yield from _of_doors(cost)
    yield from _of_metering(cost)
    if litellm is not None and mine.requests_per_s and litellm.medians.requests_per_s:
        yield Goal(
            text="requests a second on one core, over LiteLLM's",
            value=mine.requests_per_s / litellm.medians.requests_per_s,
            limit=100,
            at_least=True,
        )


def _of_doors(cost: Cost) -> Iterator[Goal]:
    """What a further dialect may add to the cost of the canonical one."""
    for door in cost.doors[1:]:
        text = f"over the canonical door's, at {door.path}"
        yield Goal(text=f"CPU of a request, {text}", value=door.request_ratio, limit=DOOR_RATIO_MAX)
        yield Goal(text=f"CPU of a chunk, {text}", value=door.chunk_ratio, limit=DOOR_RATIO_MAX)


def _of_metering(cost: Cost) -> Iterator[Goal]:
    """What a request may cost with limits and durable charges on."""
    metered, turn = cost.row(METERED), cost.turn(METERED)
    if metered is not None:
        yield Goal(text="failed requests of ours, metered", value=metered.medians.errors or 0.0, limit=0)
    if turn is not None:
        text = f"CPU of a request, metered, over {REFERENCE}'s"
        yield Goal(text=text, value=turn.request_ratio, limit=METERED_RATIO_MAX)


def _against(turn: Turn) -> Iterator[Goal]:
    limits = (
        ("CPU of a request", turn.request_ratio, 1.0),
        ("CPU of a chunk, 48 streams", turn.chunk_48_ratio, 1.25),
        ("CPU of a chunk, 256 streams", turn.chunk_256_ratio, 1.25),
    )
    for text, value, limit in limits:
        yield Goal(text=f"{text}, over {REFERENCE}'s", value=value, limit=limit)


def of_rest(results: Results) -> Iterator[Goal]:
    """The goals of the other benchmarks, as far as they were run."""
    if results.soak is not None:
        yield Goal(text="soak: failed streams", value=results.soak.errors, limit=0)
        yield Goal(text="soak: resident memory, MiB", value=results.soak.rss_mib_max, limit=250)
    if results.engine is not None:
        text = "tokens a second, over the engine's called directly"
        yield Goal(text=text, value=results.engine.ratio, limit=0.98, at_least=True)
    if results.startup is not None:
        yield Goal(text="start to ready, s", value=results.startup.ready_s, limit=1.5)
        yield Goal(text="idle resident memory, MiB", value=results.startup.idle_rss_mib, limit=120)
