"""Lets the gateways take turns: every round starts each of them afresh, measures it and stops it."""

from __future__ import annotations

import platform
import sys
import sysconfig
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import msgspec

from bench.dialects import doors, measure_doors
from bench.gateway import Gateway
from bench.load import mock_upstream
from bench.measures import Bench, Plan, measure
from bench.processes import busy_s, own_s
from bench.results import Cost, Door, DoorFigures, Figures, Row, TurnFigures, medians, today
from bench.serving import KEY, Setting, served
from bench.turns import measure_turns, opponents, turns

DIRECT = "direct"


@dataclass(frozen=True, kw_only=True)
class Visit:
    """One gateway in one round."""

    figures: Figures
    refuses_wrong_key: bool
    doors: Mapping[str, tuple[DoorFigures, ...]] = field(default_factory=dict)


def compare(gateways: tuple[Gateway, ...], setting: Setting, plan: Plan, *, mode: str) -> Cost:
    """Runs every round and returns medians; each round visits the gateways in another order.

    A gateway of others that fails is left out from then on, and that is said; ours raises RuntimeError, and so does
    whichever fails while they take turns.
    """
    visits: dict[str, list[Visit]] = {DIRECT: []}
    by_turns: dict[str, list[TurnFigures]] = {}
    left = list(gateways)
    for turn in range(plan.rounds):
        visits[DIRECT].append(_visit_direct(setting, plan))
        for gateway in _in_turn(left, turn):
            print(f"round {turn + 1} of {plan.rounds}: {gateway.name}", flush=True)
            try:
                visits.setdefault(gateway.name, []).append(_watched(gateway, setting, plan))
            except RuntimeError as error:
                if gateway.role == "ours":
                    raise
                print(f"{gateway.name} is left out: {error}", flush=True)
                left.remove(gateway)
        print(f"round {turn + 1} of {plan.rounds}: by turns", flush=True)
        for name, figures in measure_turns(opponents(left), setting, plan.turns).items():
            by_turns.setdefault(name, []).extend(figures)
    rows = [_row(gateway, visits[gateway.name], setting.cache) for gateway in left]
    return Cost(
        date=today(),
        machine=f"{len(setting.cores.gateway | setting.cores.rest)} cores, {platform.machine()}",
        python=python_build(),
        mode=mode,
        rounds=plan.rounds,
        rows=(*rows, _direct_row(visits[DIRECT])),
        doors=tuple(door for gateway in left for door in _doors(gateway, visits[gateway.name])),
        turns=turns(by_turns),
    )


def _doors(gateway: Gateway, visits: list[Visit]) -> tuple[Door, ...]:
    """The doors' turns of all rounds together; none for a gateway that has but one."""
    if not gateway.doors:
        return ()
    turns = {name: tuple(turn for visit in visits for turn in visit.doors[name]) for name in gateway.doors}
    return doors(turns, gateway.doors)


def _in_turn(gateways: list[Gateway], turn: int) -> list[Gateway]:
    """A copy that begins with another gateway in each round."""
    at = turn % max(1, len(gateways))
    return gateways[at:] + gateways[:at]


def python_build() -> str:
    """The interpreter that runs us, and whether its build was guided by a profile, which shows in every figure."""
    options = sysconfig.get_config_var("CONFIG_ARGS") or ""
    build = "plain build"
    if "--enable-optimizations" in options:
        build = "profile-guided build"
    elif sys.base_prefix == "/usr":  # distributions guide theirs by other means than that option
        build = "the distribution's build"
    return f"{platform.python_implementation()} {'.'.join(map(str, sys.version_info[:3]))}, {build}"


def _watched(gateway: Gateway, setting: Setting, plan: Plan) -> Visit:
    """A visit, with what other programs used of the machine meanwhile: a busy machine flatters every figure."""
    begin, busy_before_s, own_before_s = time.monotonic(), busy_s(), own_s()
    visit = _visit(gateway, setting, plan)
    others_s = (busy_s() - busy_before_s) - (own_s() - own_before_s)
    others_cores = max(0.0, others_s / (time.monotonic() - begin))
    figures = msgspec.structs.replace(visit.figures, others_cores=others_cores)
    return replace(visit, figures=figures)


def _visit(gateway: Gateway, setting: Setting, plan: Plan) -> Visit:
    with served(gateway, setting) as it:
        bench = _bench(setting, port=it.port, key=it.key, pid=it.pid)
        figures = measure(bench, plan, start_s=it.start_s)
        at_doors = measure_doors(bench, plan.doors, gateway.doors) if gateway.doors else {}
        return Visit(figures=figures, refuses_wrong_key=it.refuses_wrong_key, doors=at_doors)


def _visit_direct(setting: Setting, plan: Plan) -> Visit:
    """The same load on the mock itself: what the gateways' latencies are compared with."""
    with (
        tempfile.TemporaryDirectory(prefix="antiphon-bench-") as folder,
        mock_upstream(setting.tools, cores=setting.cores.gateway, folder=Path(folder)) as port,
    ):
        figures = measure(_bench(setting, port=port, key=KEY, pid=None), plan, start_s=None)
        return Visit(figures=figures, refuses_wrong_key=False)


def _bench(setting: Setting, *, port: int, key: str, pid: int | None) -> Bench:
    return Bench(tools=setting.tools, port=port, key=key, pid=pid, load_cores=setting.cores.rest)


def _row(gateway: Gateway, visits: list[Visit], cache: Path) -> Row:
    rounds = tuple(visit.figures for visit in visits)
    return Row(
        name=gateway.name,
        label=gateway.label,
        note=gateway.note,
        version=gateway.version(cache),
        role=gateway.role,
        refuses_wrong_key=all(visit.refuses_wrong_key for visit in visits),
        meters_usage=gateway.meters_usage,
        medians=medians(rounds),
        rounds=rounds,
    )


def _direct_row(visits: list[Visit]) -> Row:
    rounds = tuple(visit.figures for visit in visits)
    return Row(
        name=DIRECT,
        label="the upstream itself",
        note="",
        version="",
        role=DIRECT,
        refuses_wrong_key=False,
        meters_usage=False,
        medians=medians(rounds),
        rounds=rounds,
    )
