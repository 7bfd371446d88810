"""A search for faults that break promises: from each seed a small world of its own, everything in it going wrong.

First the safety phase, with faults; then all of them stop, and the liveness phase follows, in which every request has
to be answered. A seed that fails is a whole bug report: it repeats exactly.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from random import Random

from msgspec import Struct
from msgspec.structs import replace

from antiphon.completions.plan import Bounds
from antiphon.simulation.chance import chance
from antiphon.simulation.checks import Violation, checked
from antiphon.simulation.faults import JOB_FAULTS, NODE_FAULTS, FaultRates
from antiphon.simulation.hardware import Hardware
from antiphon.simulation.language import Language
from antiphon.simulation.loop import Stalled, VirtualLoop, run
from antiphon.simulation.scenario import FLAP_S, FLAPS, Scenario, World, named, traffic
from antiphon.simulation.trace import Trace
from antiphon.simulation.traffic import Habits, Session, sessions
from antiphon.simulation.watched import WatchedPlacement

BOUNDS = Bounds(first_token_s=20, inter_token_s=10, total_s=120, total_s_max=600, heartbeat_s=3, stall_s=3)
FLAPPING_S = 2 * FLAPS * FLAP_S + 1  # a node that comes and goes does so no longer
SETTLING_S = 75.0  # then until all must be well
ANSWERED_S = 60.0  # in the liveness phase
CALM_REQUESTS = 16
CALM_EACH_S = 4.0


class Trial(Struct, frozen=True):
    """What one seed has shown."""

    seed: int
    trace: str
    requests: int
    faults: int
    continuations: int
    virtual_s: float
    violations: tuple[Violation, ...] = ()
    latest: tuple[str, ...] = ()  # the last events, where something was broken


def search(seeds: Iterable[int], *, requests: int = 300) -> Iterator[Trial]:
    """A trial for each seed."""
    for seed in seeds:
        yield trial(seed, requests=requests)


def trial(seed: int, *, requests: int = 300) -> Trial:
    """Both phases of one seed, and everything that was broken in them."""
    scenario = drawn(seed, requests)

    async def main(loop: VirtualLoop) -> Trial:
        return await _trial(scenario, loop)

    try:
        return run(main, chance(seed, "order") if scenario.shuffle else None)
    except Stalled as error:
        return _ended(seed, Violation("nobody_hangs", str(error)))
    except ExceptionGroup as raised:
        return _ended(seed, Violation("nobody_saw_a_bug", repr(raised.exceptions[0])))


def _ended(seed: int, violation: Violation) -> Trial:
    """A trial that could not be brought to its end."""
    return Trial(seed=seed, trace="", requests=0, faults=0, continuations=0, virtual_s=0.0, violations=(violation,))


async def _trial(scenario: Scenario, loop: VirtualLoop) -> Trial:
    trace = Trace(loop)
    placement = WatchedPlacement(queue_max=scenario.queue_max, trace=trace)
    world = World(scenario, placement, loop, trace)
    await world.run(traffic(scenario))
    await _calm(world)
    alive = len(world.clients.outcomes)
    await world.clients.run(_calm_traffic(scenario, loop.time()))
    await world.gateway.close()
    await asyncio.sleep(BOUNDS.first_token_s)
    found = checked(world)
    found += [Violation("placement", complaint) for complaint in placement.complaints]
    found += [Violation("fairness", placement.unfair)] if placement.unfair else []
    found += [Violation("nothing_is_left", f"{n} places are not given back") for n in [_kept(placement)] if n]
    found += [Violation("liveness", what) for what in _unanswered(world, alive)]
    return Trial(
        seed=scenario.seed,
        trace=world.trace.digest,
        requests=len(world.clients.outcomes),
        faults=sum(bool(attempt.faults) for each in world.attempts.by_request.values() for attempt in each),
        continuations=sum(attempt.begun_tokens > 0 for each in world.attempts.by_request.values() for attempt in each),
        virtual_s=loop.time(),
        violations=tuple(found),
        latest=tuple(world.trace.latest) if found else (),
    )


async def _calm(world: World) -> None:
    """Nothing goes wrong any more, and what did is over."""
    for faults in world.faults:
        faults.stop()
    await asyncio.sleep(FLAPPING_S)
    for node in world.nodes:
        node.recover()
    await asyncio.sleep(SETTLING_S)


def _calm_traffic(scenario: Scenario, now: float) -> list[Session]:
    """A few requests that any gateway can serve, of clients that stay."""
    habits = Habits(requests=CALM_REQUESTS, models=named(scenario), turns_mean=1, spread=0.5, max_tokens=40)
    found = sessions(habits, chance(scenario.seed, "calm"))
    return [_at(session, now + CALM_EACH_S * i) for i, session in enumerate(found)]


def _at(session: Session, begins_s: float) -> Session:
    """The same conversation at another time, its requests under other names."""
    turns = tuple(replace(turn, request=f"calm-{turn.request}") for turn in session.turns)
    return replace(session, begins_s=begins_s, turns=turns)


def _unanswered(world: World, first: int) -> Iterator[str]:
    for outcome in world.clients.outcomes[first:]:
        took_s = (outcome.ended_at or 0.0) - outcome.asked_at
        if not outcome.finished or took_s > ANSWERED_S:
            yield f"{outcome.request}: {outcome.error!r} after {took_s:.1f} s without any fault"


def _kept(placement: WatchedPlacement) -> int:
    return sum(not place.over or place.load.in_flight != 0 or bool(place.load.by_account) for place in placement.places)


def drawn(seed: int, requests: int) -> Scenario:
    """A small world, in which some of all faults happen often and the others never."""
    draw = chance(seed, "world")
    slots = draw.choice((1, 1, 2, 4))
    hardware = tuple(_hardware(slots, draw) for _ in range(2))
    nodes = draw.randint(2, 8)
    jobs = tuple(kind for kind in JOB_FAULTS if draw.random() < 0.5) or ("crash",)
    kinds = tuple(kind for kind in NODE_FAULTS if draw.random() < 0.5) or ("crash",)
    lasts_s = draw.choice((2.0, 8.0, 30.0))
    return Scenario(
        nodes=nodes,
        seed=seed,
        kinds=hardware,
        models=1 if draw.random() < 0.7 else 2,
        habits=_habits(requests, nodes * slots * draw.choice((0.15, 0.4, 1.2)), draw),
        spoken=Language(tokens_median=30, spread=0.7, tokens_max=200),
        job_faults=FaultRates(jobs=draw.choice((0.0, 0.05, 0.2, 0.4)), job_kinds=jobs, lasts_s=lasts_s),
        node_faults=(FaultRates(nodes_per_minute=draw.choice((0.0, 0.5, 2.0)), node_kinds=kinds, lasts_s=lasts_s),),
        bounds=BOUNDS,
        queue_max=draw.choice((4, 16, 64)),
        parallel_max=draw.choice((0, 0, 8)),
        piece=draw.choice((1, 3, 8)),
        careless=draw.random() < 0.5,
        shuffle=draw.random() < 0.8,
    )


def _hardware(slots: int, draw: Random) -> Hardware:
    return Hardware(
        slots=slots,
        queue=2,
        prefill_tokens_per_s=draw.choice((500.0, 5000.0)),
        decode_tokens_per_s=draw.choice((20.0, 80.0)),
        rtt_s=draw.choice((0.002, 0.05)),
        cache_blocks=64,
    )


def _habits(requests: int, rate: float, draw: Random) -> Habits:
    def at_times(share: float) -> float:
        return share if draw.random() < 0.5 else 0.0

    return Habits(
        requests=requests,
        rate=rate,
        accounts=6,
        apps=4,
        turns_mean=draw.choice((1.0, 3.0)),
        think_s_mean=2.0,
        system_tokens_median=100.0,
        user_tokens_median=30.0,
        tokens_max=500,
        max_tokens=90,
        several=at_times(0.1),
        plain=at_times(0.2),
        stopped=at_times(0.2),
        leaving=at_times(0.1),
        poisoned=at_times(0.01),
        documents=at_times(0.15),
        flood=at_times(0.5),
    )
