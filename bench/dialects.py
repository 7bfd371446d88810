"""Measures what a gateway's further dialects cost: the same load at each of its doors in turn, in one process."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from statistics import median

from bench.gateway import PROJECT
from bench.load import LoadResult, Spell
from bench.measures import CONNECTIONS, Bench, DoorPlan, apply, chunks, each, paced, unary
from bench.results import Door, DoorFigures

STREAMS = 256
NOT_STORED = '"store":false'  # one door would keep every answer otherwise, which is no rendering


def measure_doors(bench: Bench, plan: DoorPlan, doors: Mapping[str, str]) -> dict[str, tuple[DoorFigures, ...]]:
    """What each turn gave for each door; the doors change places from turn to turn."""
    for path in doors.values():
        apply(bench, _at(path, unary(1, connections=CONNECTIONS)))
    figures: dict[str, list[DoorFigures]] = {door: [] for door in doors}
    names = tuple(doors)
    for turn in range(plan.turns):
        for door in names[turn % len(names) :] + names[: turn % len(names)]:
            figures[door].append(_measure(bench, plan, doors[door]))
    return {door: tuple(measured) for door, measured in figures.items()}


def _measure(bench: Bench, plan: DoorPlan, path: str) -> DoorFigures:
    cost = partial(_cost_us, bench)
    request_us, plain_errors = cost(_at(path, unary(plan.unary_s, connections=CONNECTIONS)), lambda it: it.completed)
    chunk_us, stream_errors = cost(_at(path, paced(plan.paced_s, streams=STREAMS)), chunks)
    return DoorFigures(cpu_request_us=request_us, cpu_chunk_us=chunk_us, errors=plain_errors + stream_errors)


def _cost_us(bench: Bench, spell: Spell, count: Callable[[LoadResult], int]) -> tuple[float, int]:
    """CPU for each of what `count` counts, and how much failed."""
    result, spent_s = apply(bench, spell)
    return each(spent_s, count(result)) or 0.0, result.errors.total


def _at(path: str, spell: Spell) -> Spell:
    return replace(spell, model=f"{PROJECT}/{spell.model}", path=path, fields=NOT_STORED)


def doors(measured: Mapping[str, tuple[DoorFigures, ...]], paths: Mapping[str, str]) -> tuple[Door, ...]:
    """The turns of all rounds as one row a door."""
    canonical = measured[next(iter(paths))]
    return tuple(_door(name, path, measured[name], canonical) for name, path in paths.items())


def _door(name: str, path: str, turns: tuple[DoorFigures, ...], canonical: tuple[DoorFigures, ...]) -> Door:
    pairs = tuple(zip(turns, canonical, strict=True))
    return Door(
        name=name,
        path=path,
        cpu_request_us=median(turn.cpu_request_us for turn in turns),
        cpu_chunk_us=median(turn.cpu_chunk_us for turn in turns),
        request_ratio=median(turn.cpu_request_us / base.cpu_request_us for turn, base in pairs),
        chunk_ratio=median(turn.cpu_chunk_us / base.cpu_chunk_us for turn, base in pairs),
        errors=sum(turn.errors for turn in turns),
    )
