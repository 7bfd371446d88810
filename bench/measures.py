"""Measures one started gateway: warm-up, then each kind of load with the CPU time that the gateway spent on it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from bench.build import Tools
from bench.load import BURST_MODEL, END_EVENTS, EVENTS_IN_BURST, LoadResult, Spell, apply_load
from bench.processes import cpu_s, memory_mib
from bench.results import Figures

CONNECTIONS = 32
BURST_CONNECTIONS = 8
STREAM_TOKENS = 64
PACED_MODEL = "mock-50"
STEADY = 0.95  # Warm-up ends when a second costs at least this share of the CPU of the one before.
TAIL_S = 0.3  # longer than a gateway gathers what it writes in groups
US_PER_S = 1e6


@dataclass(frozen=True, kw_only=True)
class DoorPlan:
    """How often the doors of a gateway take turns, and for how many seconds each kind of load lasts at one door."""

    turns: int
    unary_s: int
    paced_s: int


@dataclass(frozen=True, kw_only=True)
class TurnPlan:
    """How often gateways take turns in a round, and for how many seconds each kind of load lasts at one."""

    turns: int
    unary_s: int
    paced_s: int


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How long each kind of load lasts, in seconds, and how often all of it is repeated."""

    rounds: int
    warm_up_s_max: int
    unary_s: int
    latency_s: int
    burst_s: int
    paced_s: int
    doors: DoorPlan
    turns: TurnPlan


FULL = Plan(
    rounds=3,
    warm_up_s_max=6,
    unary_s=3,
    latency_s=2,
    burst_s=2,
    paced_s=4,
    doors=DoorPlan(turns=6, unary_s=1, paced_s=1),
    turns=TurnPlan(turns=8, unary_s=1, paced_s=2),
)
QUICK = Plan(
    rounds=2,
    warm_up_s_max=3,
    unary_s=2,
    latency_s=1,
    burst_s=1,
    paced_s=3,
    doors=DoorPlan(turns=1, unary_s=1, paced_s=1),
    turns=TurnPlan(turns=4, unary_s=1, paced_s=2),
)


@dataclass(frozen=True, kw_only=True)
class Bench:
    """What the measuring of one gateway needs. `pid` is None when the upstream is asked directly."""

    tools: Tools
    port: int
    key: str
    pid: int | None
    load_cores: frozenset[int]


def unary(seconds: int, *, connections: int) -> Spell:
    """Plain completions, each connection asking again at once."""
    return Spell(
        model=BURST_MODEL,
        stream=False,
        connections=connections,
        tokens=STREAM_TOKENS,
        seconds=seconds,
    )


def burst(seconds: int) -> Spell:
    """Streams of 66 events which the upstream sends in one write."""
    tokens = EVENTS_IN_BURST - END_EVENTS
    return Spell(
        model=BURST_MODEL,
        stream=True,
        connections=BURST_CONNECTIONS,
        tokens=tokens,
        seconds=seconds,
    )


def paced(seconds: int, *, streams: int) -> Spell:
    """Concurrent streams of 50 tokens a second, their beginnings spread over one second."""
    return Spell(
        model=PACED_MODEL,
        stream=True,
        connections=streams,
        tokens=STREAM_TOKENS,
        seconds=seconds,
        stagger_ms=1000,
    )


def measure(bench: Bench, plan: Plan, *, start_s: float | None) -> Figures:
    """All figures of one round. A gateway's CPU time is that of its whole process tree."""
    idle_mib = None if bench.pid is None else memory_mib(bench.pid, kind="Pss")
    if bench.pid is not None:
        _warm_up(bench, plan.warm_up_s_max)
    loaded_mib: list[float] = []

    def watch_memory() -> None:
        if bench.pid is not None:
            loaded_mib.append(memory_mib(bench.pid, kind="Pss"))

    plain, plain_cpu_s = apply(bench, unary(plan.unary_s, connections=CONNECTIONS))
    single, _ = apply(bench, unary(plan.latency_s, connections=1))
    bursts, burst_cpu_s = apply(bench, burst(plan.burst_s))
    few, few_cpu_s = apply(bench, paced(plan.paced_s, streams=48))
    many, many_cpu_s = apply(bench, paced(plan.paced_s, streams=256), watch_memory)
    results = (plain, single, bursts, few, many)
    return Figures(
        requests_per_s=plain.completed / plain.elapsed_s,
        cpu_request_us=each(plain_cpu_s, plain.completed),
        cpu_chunk_48_us=each(few_cpu_s, chunks(few)),
        cpu_chunk_256_us=each(many_cpu_s, chunks(many)),
        cpu_burst_us=each(burst_cpu_s, bursts.completed),
        latency_p50_us=single.latency_us.p50,
        latency_p99_us=single.latency_us.p99,
        burst_p50_us=bursts.latency_us.p50,
        delay_48_p50_us=few.delay_us.p50,
        delay_48_p99_us=few.delay_us.p99,
        delay_256_p50_us=many.delay_us.p50,
        delay_256_p99_us=many.delay_us.p99,
        idle_mib=idle_mib,
        loaded_mib=max(loaded_mib, default=None),
        start_s=start_s,
        errors=float(sum(result.errors.total for result in results)),
    )


def chunks(result: LoadResult) -> int:
    """The writes of the upstream in a spell of paced streams: one for each token and one for each end."""
    return result.tokens + result.completed


def each(spent_s: float | None, count: int) -> float | None:
    """Microseconds of CPU for each of `count`, where both are known."""
    return None if spent_s is None or count == 0 else spent_s / count * US_PER_S


def apply(bench: Bench, spell: Spell, each_second: Callable[[], None] | None = None) -> tuple[LoadResult, float | None]:
    """One spell of load, and the seconds of CPU that the gateway spent on it, and soon after it on what it left."""
    before = None if bench.pid is None else cpu_s(bench.pid)
    result = apply_load(
        bench.tools,
        spell,
        to=bench.port,
        key=bench.key,
        cores=bench.load_cores,
        each_second=each_second,
    )
    if bench.pid is None or before is None:
        return result, None
    time.sleep(TAIL_S)
    return result, cpu_s(bench.pid) - before


def _warm_up(bench: Bench, seconds_max: int) -> None:
    """Plain requests until their CPU cost stops falling, then a second of streams; not measured."""
    before = float("inf")
    for _ in range(seconds_max):
        result, spent_s = apply(bench, unary(1, connections=CONNECTIONS))
        cost_us = each(spent_s, result.completed)
        if cost_us is None or cost_us >= before * STEADY:
            break
        before = cost_us
    apply(bench, burst(1))
