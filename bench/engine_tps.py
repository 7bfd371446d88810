"""Tokens a second from the embedded engine: through the gateway, and past it straight to the engine's own port.

Both ways use the same running engine and the same requests, in turn, so that what differs is the gateway.
"""

from __future__ import annotations

import argparse
import tempfile
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from bench import goals, report
from bench.build import Tools, build, cache_folder
from bench.load import LoadResult, Spell, apply_load
from bench.peers.antiphon import serve
from bench.probe import wait_until_chat
from bench.processes import all_cores, free_port, listening_ports, running
from bench.results import Engine, Results, today
from bench.serving import KEY, START_S_MAX

MODEL = "smollm2:135m"
TOKENS = 128


@dataclass(frozen=True, kw_only=True)
class Way:
    """One way to the engine: a port, and the key and the model's name that are used there."""

    port: int
    key: str
    model: str


def tokens_per_s(tools: Tools, way: Way, *, streams: int, requests: int) -> float:
    """Completion tokens, as usage counts them, over the time that all streams took together."""
    spell = Spell(
        model=way.model,
        stream=True,
        connections=streams,
        tokens=TOKENS,
        seconds=300,
        requests=requests,
        exact=False,
    )
    result: LoadResult = apply_load(tools, spell, port=way.port, key=way.key, cores=all_cores())
    if result.errors.total > 0:
        raise RuntimeError(
            f"{result.errors.total} requests to port {way.port} failed: {result.errors}"
        )
    return result.usage_tokens / result.elapsed_s


def engine_port(gateway_pid: int, gateway_port: int, chosen: int | None) -> int:
    """The chosen port, or the only one that the gateway's processes listen on besides the gateway's own."""
    if chosen is not None:
        return chosen
    others = listening_ports(gateway_pid) - {gateway_port}
    if len(others) != 1:
        raise RuntimeError(
            f"the engine's port is not clear: {sorted(others)}; name it with --engine-port"
        )
    return others.pop()


def compare(options: argparse.Namespace, tools: Tools) -> Engine:
    """Serves the embedded model and measures both ways in turn; the ratio is the median of the rounds' ratios."""
    port = free_port()
    launch = serve(port=port, key=KEY, flags=())
    with tempfile.TemporaryDirectory(prefix="antiphon-bench-") as name:
        log = Path(name) / "gateway.log"
        with running(launch.argv, cores=all_cores(), log=log, env=launch.environment()) as process:
            wait_until_chat(process, port, key=KEY, seconds=START_S_MAX, model=MODEL)
            through = Way(port=port, key=KEY, model=MODEL)
            past = Way(
                port=engine_port(process.pid, port, options.engine_port),
                key=options.engine_key,
                model=options.engine_model,
            )
            rounds = []
            for turn in range(options.rounds + 1):
                ways = (through, past) if turn % 2 == 0 else (past, through)
                speed = {
                    way: tokens_per_s(
                        tools, way, streams=options.streams, requests=options.requests
                    )
                    for way in ways
                }
                if turn > 0:  # The first round warms the engine up.
                    rounds.append((speed[past], speed[through]))
    return Engine(
        date=today(),
        model=MODEL,
        streams=options.streams,
        rounds=options.rounds,
        direct_tokens_per_s=median(direct for direct, _ in rounds),
        gateway_tokens_per_s=median(gateway for _, gateway in rounds),
        ratio=median(gateway / direct for direct, gateway in rounds),
    )


def main(words: list[str] | None = None) -> int:
    """Returns the exit status: 1 when the gateway takes more than its share."""
    parser = argparse.ArgumentParser(prog="python -m bench.engine_tps", description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--streams", type=int, default=2)
    parser.add_argument("--requests", type=int, default=2, help="for each stream and round")
    parser.add_argument(
        "--engine-port", type=int, help="where the engine listens, if it cannot be found out"
    )
    parser.add_argument("--engine-key", default="none", help="the key that the engine wants")
    parser.add_argument("--engine-model", default=MODEL, help="the model's name at the engine")
    parser.add_argument(
        "--out", metavar="FOLDER", help="add the result to the results in this folder"
    )
    options = parser.parse_args(words)
    result = compare(options, build(cache_folder()))
    kept = tuple(goals.of_rest(Results(engine=result)))
    print(report.engine_part(result))
    print(report.goal_lines(kept))
    if options.out is not None:
        report.update(Path(options.out), engine=result)
    return 0 if all(goal.met for goal in kept) else 1


if __name__ == "__main__":
    raise SystemExit(main())
