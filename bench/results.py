"""The shapes of `docs/benchmarks/results.json`, and how one benchmark replaces its own part of that file.

Times are in microseconds (`_us`) or seconds (`_s`), memory in MiB; None is "not measured".
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from statistics import median

import msgspec

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "benchmarks"
REFERENCE = "vllm-router"
FLOOR = "nginx"
BEHIND_US = 50_000.0


class Figures(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What one gateway did in one round, or the medians of several rounds."""

    requests_per_s: float | None = None
    cpu_request_us: float | None = None
    cpu_chunk_48_us: float | None = None
    cpu_chunk_256_us: float | None = None
    cpu_burst_us: float | None = None
    latency_p50_us: float | None = None
    latency_p99_us: float | None = None
    burst_p50_us: float | None = None
    delay_48_p50_us: float | None = None
    delay_48_p99_us: float | None = None
    delay_256_p50_us: float | None = None
    delay_256_p99_us: float | None = None
    idle_mib: float | None = None
    loaded_mib: float | None = None
    start_s: float | None = None
    errors: float | None = None
    others_cores: float | None = None  # What other programs used of the machine meanwhile.

    @property
    def behind(self) -> bool:
        """Whether the streams outran the gateway: half of the tokens came late, so chunks were joined."""
        delays = (self.delay_48_p50_us, self.delay_256_p50_us)
        return any(delay is not None and delay > BEHIND_US for delay in delays)


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One gateway with its medians and every round they come from."""

    name: str
    label: str
    note: str
    version: str
    role: str
    refuses_wrong_key: bool
    meters_usage: bool
    medians: Figures
    rounds: tuple[Figures, ...]


class DoorFigures(msgspec.Struct, frozen=True, kw_only=True):
    """What one door of a gateway took in one turn."""

    cpu_request_us: float
    cpu_chunk_us: float
    errors: int


class Door(msgspec.Struct, frozen=True, kw_only=True):
    """One door's medians; ratios are to the canonical door in the same turn, and then the median of those."""

    name: str
    path: str
    cpu_request_us: float
    cpu_chunk_us: float
    request_ratio: float
    chunk_ratio: float
    errors: int


class TurnFigures(msgspec.Struct, frozen=True, kw_only=True):
    """What one gateway took in one turn."""

    cpu_request_us: float
    cpu_chunk_48_us: float
    cpu_chunk_256_us: float
    errors: int


class Turn(msgspec.Struct, frozen=True, kw_only=True):
    """One gateway of ours against the reference: ratios of the same turn, and then the median of those."""

    name: str
    turns: int
    request_ratio: float
    chunk_48_ratio: float
    chunk_256_ratio: float
    errors: int


class Cost(msgspec.Struct, frozen=True, kw_only=True):
    """The side-by-side comparison of `bench.run`."""

    date: str
    machine: str
    python: str
    mode: str
    rounds: int
    rows: tuple[Row, ...]
    doors: tuple[Door, ...] = ()  # of our own gateway, the canonical one first
    turns: tuple[Turn, ...] = ()  # of our own gateways

    def row(self, name: str) -> Row | None:
        """The row of this gateway, or None when it did not take part."""
        return next((row for row in self.rows if row.name == name), None)

    def turn(self, name: str) -> Turn | None:
        """How this gateway of ours compares by turns, or None when it did not."""
        return next((turn for turn in self.turns if turn.name == name), None)

    def ordered(self) -> tuple[Row, ...]:
        """The gateways by the CPU cost of a request; the upstream itself, which has none, is left out."""
        rows = [row for row in self.rows if row.medians.cpu_request_us is not None]
        return tuple(sorted(rows, key=lambda row: row.medians.cpu_request_us or 0.0))


class Soak(msgspec.Struct, frozen=True, kw_only=True):
    """Many paced streams at once through one gateway, of `bench.soak`."""

    date: str
    gateway: str
    streams: int
    tokens_per_s: int
    seconds: int
    completed: int
    tokens: int
    errors: int
    rss_mib_max: float
    cpu_cores: float
    delay_p50_us: float
    delay_p99_us: float


class Engine(msgspec.Struct, frozen=True, kw_only=True):
    """Tokens a second through the gateway against the same engine called directly, of `bench.engine_tps`."""

    date: str
    model: str
    streams: int
    threads: int
    rounds: int
    direct_tokens_per_s: float
    gateway_tokens_per_s: float
    ratio: float


class Startup(msgspec.Struct, frozen=True, kw_only=True):
    """From the command to the first ready answer, without an engine, of `bench.startup`."""

    date: str
    runs: int
    ready_s: float
    ready_s_max: float
    idle_rss_mib: float


class Results(msgspec.Struct, frozen=True, kw_only=True):
    """Everything measured so far; each benchmark replaces its own part."""

    cost: Cost | None = None
    soak: Soak | None = None
    engine: Engine | None = None
    startup: Startup | None = None


def today() -> str:
    """The date of a measurement, as YYYY-MM-DD in UTC."""
    return datetime.now(UTC).date().isoformat()


def medians(rounds: tuple[Figures, ...]) -> Figures:
    """Each figure's median over the rounds that have it."""
    values: dict[str, float] = {}
    for name in Figures.__struct_fields__:
        measured = [value for value in (getattr(figures, name) for figures in rounds) if value is not None]
        if measured:
            values[name] = median(measured)
    return msgspec.convert(values, Figures)


def load(folder: Path = FOLDER) -> Results:
    """The stored results, or empty ones where there is no file yet."""
    path = folder / "results.json"
    if not path.exists():
        return Results()
    return msgspec.json.decode(path.read_bytes(), type=Results)


def store(results: Results, folder: Path = FOLDER) -> None:
    """Writes `results.json`, indented so that a change of figures can be read in a diff."""
    folder.mkdir(parents=True, exist_ok=True)
    text = msgspec.json.format(msgspec.json.encode(results), indent=1)
    (folder / "results.json").write_bytes(text + b"\n")
