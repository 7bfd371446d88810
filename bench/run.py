"""`make bench`: compares the cost of gateways side by side, and writes the table and the plot that the README shows."""

from __future__ import annotations

import argparse
import os
import subprocess
import time
from pathlib import Path

from bench import gateways, report, results
from bench.build import build, cache_folder
from bench.gateway import Gateway
from bench.measures import FULL, QUICK
from bench.processes import split_cores
from bench.rounds import compare
from bench.serving import Setting


def main(words: list[str] | None = None) -> int:
    """Returns the exit status: 1 when --check is given and a goal was missed."""
    options = _options().parse_args(words)
    chosen = tuple(options.only) or (
        gateways.QUICK if options.quick else tuple(gateway.name for gateway in gateways.ALL)
    )
    compared = gateways.named(chosen)
    cache = cache_folder()
    compared = tuple(gateway for gateway in compared if _installed(gateway, cache))
    plan = QUICK if options.quick else FULL
    setting = Setting(tools=build(cache), cores=split_cores(), cache=cache)
    os.sched_setaffinity(0, setting.cores.rest)
    begin = time.monotonic()
    cost = compare(compared, setting, plan, mode="quick" if options.quick else "full")
    print(f"\nmeasured in {time.monotonic() - begin:.0f} s\n")
    print(report.cost_table(cost), report.cost_notes(cost))
    print(report.turn_table(cost))
    print(report.door_table(cost))
    goals = report.cost_goals(cost)
    print(report.goal_lines(goals))
    if options.out is not None:
        report.update(Path(options.out), cost=cost)
    return 1 if options.check and not all(goal.met for goal in goals) else 0


def _installed(gateway: Gateway, cache: Path) -> bool:
    """Whether the gateway is there; one that cannot be installed here is left out, and that is said."""
    try:
        gateway.install(cache)
    except (OSError, subprocess.CalledProcessError) as error:
        print(f"{gateway.name} is left out, it cannot be installed: {error}", flush=True)
        return False
    return True


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench.run", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="four gateways, two short rounds: about three minutes")
    parser.add_argument("--only", nargs="+", default=(), metavar="NAME", help="only these gateways")
    parser.add_argument("--check", action="store_true", help="exit with 1 when a goal is missed")
    parser.add_argument("--out", metavar="FOLDER", help=f"write results there, e.g. {results.FOLDER.name}")
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
