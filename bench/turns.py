"""Holds our gateways against the reference by turns: all run at once, one is loaded at a time, each turn is a ratio.

A machine that others share changes its speed within seconds. What is measured minutes apart differs by that; what is
measured side by side does not.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from statistics import median

from bench.gateway import Gateway
from bench.load import LoadResult, Spell
from bench.measures import CONNECTIONS, Bench, TurnPlan, apply, burst, chunks, each, paced, unary
from bench.results import REFERENCE, Turn, TurnFigures
from bench.serving import Setting, served

WARM_UP_S = 2


def opponents(gateways: Sequence[Gateway]) -> tuple[Gateway, ...]:
    """Ours and the reference, of those that take part; none without the reference."""
    if all(gateway.name != REFERENCE for gateway in gateways):
        return ()
    return tuple(gateway for gateway in gateways if gateway.role == "ours" or gateway.name == REFERENCE)


def measure_turns(gateways: Sequence[Gateway], setting: Setting, plan: TurnPlan) -> dict[str, tuple[TurnFigures, ...]]:
    """What each turn gave for each of these; they change places from turn to turn."""
    figures: dict[str, list[TurnFigures]] = {gateway.name: [] for gateway in gateways}
    with ExitStack() as stack:
        benches = {gateway.name: _bench(stack, gateway, setting) for gateway in gateways}
        for bench in benches.values():
            apply(bench, unary(WARM_UP_S, connections=CONNECTIONS))
            apply(bench, burst(1))
        names = tuple(benches)
        for turn in range(plan.turns):
            at = turn % len(names)
            for name, found in _turn({name: benches[name] for name in names[at:] + names[:at]}, plan).items():
                figures[name].append(found)
    return {name: tuple(found) for name, found in figures.items()}


def _bench(stack: ExitStack, gateway: Gateway, setting: Setting) -> Bench:
    it = stack.enter_context(served(gateway, setting))
    return Bench(tools=setting.tools, port=it.port, key=it.key, pid=it.pid, load_cores=setting.cores.rest)


def _turn(benches: Mapping[str, Bench], plan: TurnPlan) -> dict[str, TurnFigures]:
    """Each kind of load at all of them, one right after another."""
    cost = partial(_costs, benches)
    requests = cost(unary(plan.unary_s, connections=CONNECTIONS), lambda it: it.completed)
    few, many = (cost(paced(plan.paced_s, streams=streams), chunks) for streams in (48, 256))
    return {
        name: TurnFigures(
            cpu_request_us=requests[name][0],
            cpu_chunk_48_us=few[name][0],
            cpu_chunk_256_us=many[name][0],
            errors=sum(found[name][1] for found in (requests, few, many)),
        )
        for name in benches
    }


def _costs(
    benches: Mapping[str, Bench], spell: Spell, count: Callable[[LoadResult], int]
) -> dict[str, tuple[float, int]]:
    """CPU for each of what `count` counts, and how much failed."""
    found = {}
    for name, bench in benches.items():
        result, spent_s = apply(bench, spell)
        found[name] = each(spent_s, count(result)) or 0.0, result.errors.total
    return found


def turns(measured: Mapping[str, Sequence[TurnFigures]]) -> tuple[Turn, ...]:
    """The turns of all rounds as one row a gateway, the reference left out."""
    if REFERENCE not in measured:
        return ()
    reference = measured[REFERENCE]
    return tuple(_row(name, found, reference) for name, found in measured.items() if name != REFERENCE)


def _row(name: str, found: Sequence[TurnFigures], reference: Sequence[TurnFigures]) -> Turn:
    def ratio(figure: Callable[[TurnFigures], float]) -> float:
        return median(figure(mine) / figure(other) for mine, other in zip(found, reference, strict=True))

    return Turn(
        name=name,
        turns=len(found),
        request_ratio=ratio(lambda it: it.cpu_request_us),
        chunk_48_ratio=ratio(lambda it: it.cpu_chunk_48_us),
        chunk_256_ratio=ratio(lambda it: it.cpu_chunk_256_us),
        errors=sum(it.errors for it in found),
    )
