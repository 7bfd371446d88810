"""Turns results into `docs/benchmarks/results.md` and `cost.svg`; only `update` writes files."""

from __future__ import annotations

import textwrap
from pathlib import Path
from statistics import median

import msgspec

from bench import goals, plot
from bench.results import (
    FLOOR,
    REFERENCE,
    Cost,
    Door,
    Engine,
    Figures,
    Results,
    Row,
    Soak,
    Startup,
    Turn,
    load,
    store,
)

MISSING = "–"
OTHERS_CORES_MAX = 0.2
BUSY = ": **too many**. Gateways that wait for a core do more work each time they run, so CPU figures come out low.\n"

RATIOS = (f"× {REFERENCE}", f"× {FLOOR}")
CPU_HEAD = (
    *("gateway", "key", "meters"),
    *("CPU µs/request", *RATIOS),
    *("CPU µs/chunk, 48 streams", *RATIOS),
    *("CPU µs/chunk, 256 streams", *RATIOS),
    *("CPU µs/burst", *RATIOS),
)
BEHAVIOUR_HEAD = (
    "gateway",
    "req/s, one core",
    "added p50 / p99 µs",
    "delay p50 / p99 µs, 48 streams",
    "delay p50 / p99 µs, 256 streams",
    "PSS MiB, idle / loaded",
    "start s",
    "errors",
)
DOOR_HEAD = ("door", "path", "CPU µs/request", "× the first", "CPU µs/chunk, 256 streams", "× the first", "errors")
METHOD = Path(__file__).resolve().parent / "method.md"

TURN_HEAD = ("gateway", "request", "chunk, 48 streams", "chunk, 256 streams", "turns", "errors")
TURNS_TOLD = (
    f"Ours and {REFERENCE} run at once and are loaded by turns, a second or two each: CPU as a multiple of "
    f"{REFERENCE}'s in the same turn, medians over the turns of all rounds.\n"
)
DOORS_TOLD = (
    "One gateway, one process, the same load at each door in turn: what another dialect of requests and answers costs. "
    "Ratios are medians over the turns, each to the first door in the same turn.\n"
)
PAGE_CHARACTERS = 118


def update(folder: Path, **parts: Cost | Soak | Engine | Startup) -> None:
    """Replaces these parts of the stored results and writes the table and the plot anew."""
    results = msgspec.structs.replace(load(folder), **parts)
    store(results, folder)
    (folder / "results.md").write_text(wrapped(page(results)))
    if results.cost is not None:
        (folder / "cost.svg").write_text(plot.cost_chart(results.cost))


def page(results: Results) -> str:
    """The whole results page in Markdown."""
    parts = [
        "# Benchmarks\n",
        "Written by `make bench`; how to run and read it: `bench/README.md`.\n",
    ]
    if results.cost is not None:
        parts += [
            "## Cost, side by side\n",
            "![CPU cost of each gateway](cost.svg)\n",
            _conditions(results.cost),
        ]
        parts += [cost_table(results.cost), cost_notes(results.cost)]
        parts += ["## Turn by turn\n", TURNS_TOLD, turn_table(results.cost)] if results.cost.turns else []
        parts += ["## Door by door\n", DOORS_TOLD, door_table(results.cost)] if results.cost.doors else []
    kept = [*(goals.of_cost(results.cost) if results.cost else ()), *goals.of_rest(results)]
    if kept:
        parts += ["## Goals\n", "".join(f"- {goal.line()}\n" for goal in kept)]
    parts += [soak_part(results.soak)] if results.soak is not None else []
    parts += [engine_part(results.engine)] if results.engine is not None else []
    parts += [startup_part(results.startup)] if results.startup is not None else []
    return "\n".join([*parts, METHOD.read_text()])


def wrapped(text: str) -> str:
    """The page with sentences that fit a screen; tables stay as they are."""
    lines = []
    for line in text.split("\n"):
        as_it_is = line.startswith(("|", "![")) or len(line) <= PAGE_CHARACTERS
        lines.append(line if as_it_is else textwrap.fill(line, PAGE_CHARACTERS, break_on_hyphens=False))
    return "\n".join(lines)


def cost_goals(cost: Cost) -> tuple[goals.Goal, ...]:
    """The goals of a comparison, each with what was measured."""
    return tuple(goals.of_cost(cost))


def goal_lines(kept: tuple[goals.Goal, ...]) -> str:
    """The goals, one a line."""
    return "\n".join(goal.line() for goal in kept)


def cost_table(cost: Cost) -> str:
    """Two Markdown tables of all gateways, the cheapest request first: what they cost, and how they behave."""
    cpu = _table(CPU_HEAD, [_cpu_cells(row, cost) for row in cost.ordered()])
    behaviour = _table(BEHAVIOUR_HEAD, [_behaviour_cells(row, cost) for row in cost.ordered()])
    return f"{cpu}\n{behaviour}"


def turn_table(cost: Cost) -> str:
    """What ours cost as multiples of the reference, loaded by turns."""
    return _table(TURN_HEAD, [_turn_cells(turn, cost.row(turn.name)) for turn in cost.turns])


def _turn_cells(turn: Turn, row: Row | None) -> tuple[str, ...]:
    ratios = (turn.request_ratio, turn.chunk_48_ratio, turn.chunk_256_ratio)
    name = turn.name if row is None else _name(row)
    return (name, *(f"{ratio:.2f}" for ratio in ratios), str(turn.turns), str(turn.errors))


def door_table(cost: Cost) -> str:
    """What a request and a chunk cost at each door of ours; the ratios are of the two in the same minute."""
    return _table(DOOR_HEAD, [_door_cells(door) for door in cost.doors])


def _door_cells(door: Door) -> tuple[str, ...]:
    return (
        door.name,
        f"`{door.path}`",
        *(_number(door.cpu_request_us), f"{door.request_ratio:.2f}"),
        *(_number(door.cpu_chunk_us), f"{door.chunk_ratio:.2f}"),
        str(door.errors),
    )


def cost_notes(cost: Cost) -> str:
    """What the table's marks mean, how quiet the machine was, and what the upstream itself does."""
    others = [row.medians.others_cores for row in cost.rows if row.medians.others_cores is not None]
    notes = ""
    if others:
        notes += f"\nMeanwhile other programs used {median(others):.2f} cores of the machine"
        notes += BUSY if median(others) > OTHERS_CORES_MAX else ".\n"
    if any(row.medians.behind for row in cost.rows):
        notes += "\n† The streams outran it: half of the tokens came more than 50 ms late, so chunks were joined.\n"
    direct = cost.row("direct")
    if direct is not None:
        figures = direct.medians
        notes += (
            f"\nThe upstream itself: {_number(figures.requests_per_s)} requests a second, latency p50 / p99 "
            f"{_number(figures.latency_p50_us)} / {_number(figures.latency_p99_us)} µs, delay of a token "
            f"{_number(figures.delay_256_p50_us)} / {_number(figures.delay_256_p99_us)} µs with 256 streams.\n"
        )
    return notes


def _conditions(cost: Cost) -> str:
    return (
        f"{cost.date}, {cost.machine}, {cost.python}; medians of {cost.rounds} rounds ({cost.mode} run). "
        "Lower is better but for requests a second.\n"
    )


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    rule = ("---",) + ("---:",) * (len(head) - 1)
    return "".join("| " + " | ".join(cells) + " |\n" for cells in (head, rule, *rows))


def _name(row: Row) -> str:
    name = f"{row.label} {row.version}" + (f", {row.note}" if row.note else "")
    return f"**{name}**" if row.role == "ours" else name


def _cpu_cells(row: Row, cost: Cost) -> tuple[str, ...]:
    figures = row.medians
    behind = "†" if figures.behind else ""
    return (
        _name(row),
        "yes" if row.refuses_wrong_key else "no",
        "yes" if row.meters_usage else "no",
        *(_number(figures.cpu_request_us), *_ratios(row, cost, "cpu_request_us")),
        *(_number(figures.cpu_chunk_48_us) + behind, *_ratios(row, cost, "cpu_chunk_48_us")),
        *(_number(figures.cpu_chunk_256_us) + behind, *_ratios(row, cost, "cpu_chunk_256_us")),
        *(_number(figures.cpu_burst_us), *_ratios(row, cost, "cpu_burst_us")),
    )


def _behaviour_cells(row: Row, cost: Cost) -> tuple[str, ...]:
    figures = row.medians
    direct = cost.row("direct")
    base = direct.medians if direct is not None else Figures()
    added_p50 = _added(figures.latency_p50_us, base.latency_p50_us)
    added_p99 = _added(figures.latency_p99_us, base.latency_p99_us)
    return (
        _name(row),
        _number(figures.requests_per_s),
        f"{added_p50} / {added_p99}",
        f"{_number(figures.delay_48_p50_us)} / {_number(figures.delay_48_p99_us)}",
        f"{_number(figures.delay_256_p50_us)} / {_number(figures.delay_256_p99_us)}",
        f"{_number(figures.idle_mib)} / {_number(figures.loaded_mib)}",
        _number(figures.start_s),
        _number(figures.errors),
    )


def _ratios(row: Row, cost: Cost, figure: str) -> tuple[str, str]:
    """A figure over the reference's and over the floor's."""
    return _ratio(row, cost.row(REFERENCE), figure), _ratio(row, cost.row(FLOOR), figure)


def _ratio(row: Row, other: Row | None, figure: str) -> str:
    value: float | None = getattr(row.medians, figure)
    base: float | None = getattr(other.medians, figure) if other is not None else None
    return f"{value / base:.2f}" if value and base else MISSING


def _added(value: float | None, base: float | None) -> str:
    return MISSING if value is None or base is None else _number(max(0.0, value - base))


def _number(value: float | None) -> str:
    """Three significant digits at least, thousands apart."""
    if value is None:
        return MISSING
    return f"{value:,.0f}" if value >= 100 or value == int(value) else f"{value:.3g}"


def soak_part(soak: Soak) -> str:
    """The section about many streams at once."""
    return (
        f"## {soak.streams:,} streams at once\n\n{soak.date}: {soak.streams:,} concurrent streams of "
        f"{soak.tokens_per_s} tokens a second for {soak.seconds} s through {soak.gateway}, with upstream "
        f"and load on the same cores: {soak.completed:,} completed, {soak.tokens:,} tokens, {soak.errors} "
        f"errors, at most {soak.rss_mib_max:.0f} MiB resident, {soak.cpu_cores:.2f} cores used, a token "
        f"{soak.delay_p50_us:,.0f} µs on its way at the median and {soak.delay_p99_us:,.0f} µs at p99.\n"
    )


def engine_part(engine: Engine) -> str:
    """The section about tokens a second with and without the gateway."""
    return (
        f"## Through the gateway and past it\n\n{engine.date}: {engine.model} on {engine.threads} engine "
        f"threads, {engine.streams} streams, "
        f"{engine.rounds} rounds in turn: {engine.direct_tokens_per_s:.1f} tokens a second from the engine "
        f"called directly, {engine.gateway_tokens_per_s:.1f} through the gateway, a ratio of "
        f"{engine.ratio:.3f}.\n"
    )


def startup_part(startup: Startup) -> str:
    """The section about start-up time and idle memory."""
    return (
        f"## Start\n\n{startup.date}: ready {startup.ready_s:.2f} s after the command (slowest of "
        f"{startup.runs}: {startup.ready_s_max:.2f} s), {startup.idle_rss_mib:.0f} MiB resident when idle, "
        "without an engine.\n"
    )
