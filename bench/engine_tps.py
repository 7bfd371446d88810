"""Tokens a second from the embedded engine: through the gateway, and from the same engine called directly.

Two children of the same program with the same model and options, only one of which works at a time: the gateway's own,
and one that we start and call ourselves. Both ways get the same requests, in turn.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import msgspec

from antiphon.engines.embedded.options import ChildDocument, EngineOptions
from bench import goals, report
from bench.build import Tools, build, cache_folder
from bench.load import Spell, apply_load
from bench.peers.antiphon import serve
from bench.probe import wait_until_chat, wait_until_healthy
from bench.processes import all_cores, free_port, mapped_files, running
from bench.results import Engine, Results, today
from bench.serving import KEY, START_S_MAX

MODEL = "smollm2:135m"
CHILD = "antiphon.engines.embedded.child"
CONTEXT_LENGTH = 2048
PARALLEL = 4
TOKENS = 128


@dataclass(frozen=True, kw_only=True)
class Size:
    """How much is asked of each way in each round."""

    rounds: int
    streams: int
    requests: int
    threads: int

    def spell(self) -> Spell:
        """Concurrent streams, each asking several times for the same long answer."""
        return Spell(
            model=MODEL,
            stream=True,
            connections=self.streams,
            tokens=TOKENS,
            seconds=300,
            requests=self.requests,
            exact=False,
        )


def tokens_per_s(tools: Tools, to: int | Path, size: Size) -> float:
    """Completion tokens, as usage counts them, over the time that all streams took together."""
    result = apply_load(tools, size.spell(), to=to, key=KEY, cores=all_cores())
    if result.errors.total > 0:
        raise RuntimeError(f"{result.errors.total} requests to {to} failed: {result.errors}")
    return result.usage_tokens / result.elapsed_s


@contextmanager
def through_gateway(folder: Path, threads: int) -> Iterator[tuple[int, Path]]:
    """The port of a gateway with its embedded engine, and the model file that this engine runs."""
    flags = (
        *("--model", f"{MODEL}={MODEL}", "--context-length", str(CONTEXT_LENGTH)),
        *("--parallel", str(PARALLEL), "--threads", str(threads)),
    )
    port = free_port()
    launch = serve(port=port, key=KEY, flags=flags)
    log = folder / "gateway.log"
    env = launch.environment()
    with running(launch.argv, cores=all_cores(), log=log, env=env) as process:
        wait_until_chat(process, port, key=KEY, seconds=START_S_MAX, model=MODEL)
        (model_path,) = mapped_files(process.pid, suffix=".gguf")
        yield port, model_path


@contextmanager
def called_directly(folder: Path, model_path: Path, threads: int) -> Iterator[Path]:
    """The unix socket of the same engine, without a gateway."""
    socket_path = folder / "engine.sock"
    options = EngineOptions(
        model_name=MODEL,
        model_path=str(model_path),
        context_length=CONTEXT_LENGTH,
        parallel=PARALLEL,
        threads=threads,
    )
    document = ChildDocument(options=options, socket_path=str(socket_path), api_key=KEY, parent_pid=os.getpid())
    told = msgspec.json.encode(document) + b"\n"
    argv = (sys.executable, "-m", CHILD)
    with running(argv, cores=all_cores(), log=folder / "engine.log", told=told) as process:
        wait_until_healthy(process, socket_path, seconds=START_S_MAX)
        yield socket_path


def compare(size: Size, tools: Tools) -> Engine:
    """Both ways in turn, after one round that warms the engines up; the ratio is the median of the rounds' ratios."""
    rounds: list[tuple[float, float]] = []
    with (
        tempfile.TemporaryDirectory(prefix="antiphon-bench-") as name,
        through_gateway(Path(name), size.threads) as (port, model_path),
        called_directly(Path(name), model_path, size.threads) as socket_path,
    ):
        for turn in range(size.rounds + 1):
            ways = (port, socket_path) if turn % 2 == 0 else (socket_path, port)
            speed = {to: tokens_per_s(tools, to, size) for to in ways}
            rounds.append((speed[socket_path], speed[port]))
    counted = rounds[1:]
    return Engine(
        date=today(),
        model=MODEL,
        streams=size.streams,
        threads=size.threads,
        rounds=size.rounds,
        direct_tokens_per_s=median(direct for direct, _ in counted),
        gateway_tokens_per_s=median(gateway for _, gateway in counted),
        ratio=median(gateway / direct for direct, gateway in counted),
    )


def main(words: list[str] | None = None) -> int:
    """Returns the exit status: 1 when the gateway takes more than its share."""
    parser = argparse.ArgumentParser(prog="python -m bench.engine_tps", description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--streams", type=int, default=2)
    parser.add_argument("--threads", type=int, default=len(all_cores()), help="of the engine")
    parser.add_argument("--requests", type=int, default=1, help="for each stream and round")
    parser.add_argument("--out", metavar="FOLDER", help="add the result to the results in this folder")
    options = parser.parse_args(words)
    size = Size(
        rounds=options.rounds,
        streams=options.streams,
        requests=options.requests,
        threads=options.threads,
    )
    result = compare(size, build(cache_folder()))
    kept = tuple(goals.of_rest(Results(engine=result)))
    print(report.engine_part(result))
    print(report.goal_lines(kept))
    if options.out is not None:
        report.update(Path(options.out), engine=result)
    return 0 if all(goal.met for goal in kept) else 1


if __name__ == "__main__":
    raise SystemExit(main())
