"""Lets the gateways take turns: every round starts each of them afresh, measures it and stops it."""

from __future__ import annotations

import platform
import sys
import sysconfig
import tempfile
from dataclasses import dataclass
from pathlib import Path

from bench.build import Tools
from bench.gateway import Gateway, Site
from bench.load import mock_upstream
from bench.measures import Bench, Plan, measure
from bench.processes import Cores, free_port, running
from bench.probe import chat_status, wait_until_chat
from bench.results import Cost, Figures, Row, medians, today

KEY = "sk-benchmark-0123456789abcdef"
WRONG_KEY = "sk-benchmark-of-somebody-else"
START_S_MAX = 180.0
DIRECT = "direct"


@dataclass(frozen=True, kw_only=True)
class Setting:
    """What stays the same through a comparison."""

    tools: Tools
    cores: Cores
    cache: Path
    plan: Plan


@dataclass(frozen=True, kw_only=True)
class Visit:
    """One gateway in one round."""

    figures: Figures
    refuses_wrong_key: bool


def compare(gateways: tuple[Gateway, ...], setting: Setting, *, mode: str) -> Cost:
    """Runs every round and returns medians; each round visits the gateways in another order."""
    visits: dict[str, list[Visit]] = {}
    for turn in range(setting.plan.rounds):
        visits.setdefault(DIRECT, []).append(_visit_direct(setting))
        for at in range(len(gateways)):
            gateway = gateways[(at + turn) % len(gateways)]
            print(f"round {turn + 1} of {setting.plan.rounds}: {gateway.label}", flush=True)
            visits.setdefault(gateway.name, []).append(_visit(gateway, setting))
    rows = [_row(gateway, visits[gateway.name], setting.cache) for gateway in gateways]
    return Cost(
        date=today(),
        machine=f"{len(setting.cores.gateway | setting.cores.rest)} cores, {platform.machine()}",
        python=python_build(),
        mode=mode,
        rounds=setting.plan.rounds,
        rows=(*rows, _direct_row(visits[DIRECT])),
    )


def python_build() -> str:
    """The interpreter that runs us, and whether its build was guided by a profile: that alone is worth a quarter."""
    options = sysconfig.get_config_var("CONFIG_ARGS") or ""
    build = "profile-guided build" if "--enable-optimizations" in options else "plain build"
    return f"{platform.python_implementation()} {'.'.join(map(str, sys.version_info[:3]))}, {build}"


def _visit(gateway: Gateway, setting: Setting) -> Visit:
    """Starts the gateway over a mock of its own, measures it and stops both."""
    with tempfile.TemporaryDirectory(prefix="antiphon-bench-") as name:
        folder = Path(name)
        with mock_upstream(setting.tools, cores=setting.cores.rest, folder=folder) as upstream_port:
            site = Site(
                upstream_port=upstream_port, port=free_port(), key=KEY, folder=folder, cache=setting.cache
            )
            launch = gateway.launch(site)
            log = folder / "gateway.log"
            try:
                with running(
                    launch.argv, cores=setting.cores.gateway, log=log, env=launch.environment()
                ) as process:
                    start_s = wait_until_chat(process, site.port, key=KEY, seconds=START_S_MAX)
                    refuses = chat_status(site.port, key=WRONG_KEY) in (401, 403)
                    bench = _bench(setting, port=site.port, pid=process.pid)
                    return Visit(
                        figures=measure(bench, setting.plan, start_s=start_s), refuses_wrong_key=refuses
                    )
            except RuntimeError as error:
                raise RuntimeError(f"{gateway.name}: {error}\n{log.read_text()[-4000:]}") from error


def _visit_direct(setting: Setting) -> Visit:
    """The same load on the mock itself: what the gateways' latencies are compared with."""
    with tempfile.TemporaryDirectory(prefix="antiphon-bench-") as name:
        with mock_upstream(setting.tools, cores=setting.cores.gateway, folder=Path(name)) as port:
            figures = measure(_bench(setting, port=port, pid=None), setting.plan, start_s=None)
            return Visit(figures=figures, refuses_wrong_key=False)


def _bench(setting: Setting, *, port: int, pid: int | None) -> Bench:
    return Bench(tools=setting.tools, port=port, key=KEY, pid=pid, load_cores=setting.cores.rest)


def _row(gateway: Gateway, visits: list[Visit], cache: Path) -> Row:
    rounds = tuple(visit.figures for visit in visits)
    return Row(
        name=gateway.name,
        label=gateway.label,
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
        version="",
        role=DIRECT,
        refuses_wrong_key=False,
        meters_usage=False,
        medians=medians(rounds),
        rounds=rounds,
    )
