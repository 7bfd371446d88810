"""How long the gateway itself takes from its command to `/readyz`, and what it keeps resident when idle: no engine."""

from __future__ import annotations

import argparse
import subprocess
import tempfile
import time
from pathlib import Path
from statistics import median

from bench import goals, report
from bench.build import Tools, build, cache_folder
from bench.load import mock_upstream
from bench.peers.antiphon import flags_for, serve
from bench.probe import NotServing, get_status
from bench.processes import all_cores, free_port, memory_mib, running
from bench.results import Results, Startup, today
from bench.serving import KEY

READY_S_MAX = 30.0
POLL_S = 0.01
SETTLE_S = 2.0


def start_once(tools: Tools) -> tuple[float, float]:
    """Seconds to the first ready answer, and resident MiB of the whole tree a little later."""
    with tempfile.TemporaryDirectory(prefix="antiphon-bench-") as name:
        folder = Path(name)
        log = folder / "gateway.log"
        with mock_upstream(tools, cores=all_cores(), folder=folder) as upstream_port:
            port = free_port()
            flags = flags_for(data_folder=folder, upstream_url=f"http://127.0.0.1:{upstream_port}")
            launch = serve(port=port, key=KEY, flags=flags)
            env = launch.environment()
            begin = time.monotonic()
            with running(launch.argv, cores=all_cores(), log=log, env=env) as process:
                ready_s = _wait_until_ready(process, port, begin, log)
                time.sleep(SETTLE_S)
                return ready_s, memory_mib(process.pid, kind="Rss")


def _wait_until_ready(process: subprocess.Popen[bytes], port: int, begin: float, log: Path) -> float:
    while time.monotonic() - begin < READY_S_MAX:
        if process.poll() is not None:
            raise NotServing(f"it ended with {process.returncode}: {log.read_text()[-4000:]}")
        if get_status(port, "/readyz") == 200:
            return time.monotonic() - begin
        time.sleep(POLL_S)
    raise NotServing(f"not ready after {READY_S_MAX:.0f} s: {log.read_text()[-4000:]}")


def measure(tools: Tools, runs: int) -> Startup:
    """The median of several starts, after one that fills the file caches and is not counted."""
    start_once(tools)
    starts = [start_once(tools) for _ in range(runs)]
    return Startup(
        date=today(),
        runs=runs,
        ready_s=median(ready_s for ready_s, _ in starts),
        ready_s_max=max(ready_s for ready_s, _ in starts),
        idle_rss_mib=median(resident_mib for _, resident_mib in starts),
    )


def main(words: list[str] | None = None) -> int:
    """Returns the exit status: 1 when a goal was missed."""
    parser = argparse.ArgumentParser(prog="python -m bench.startup", description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--out", metavar="FOLDER", help="add the result to the results in this folder")
    options = parser.parse_args(words)
    result = measure(build(cache_folder()), options.runs)
    kept = tuple(goals.of_rest(Results(startup=result)))
    print(report.startup_part(result))
    print(report.goal_lines(kept))
    if options.out is not None:
        report.update(Path(options.out), startup=result)
    return 0 if all(goal.met for goal in kept) else 1


if __name__ == "__main__":
    raise SystemExit(main())
