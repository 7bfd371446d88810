"""A thousand concurrent streams for a minute: not one may fail, and memory must stay small.

Gateway, upstream and load generator share all cores, as they would on one small machine.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

from bench import gateways, goals, report
from bench.build import build, cache_folder
from bench.gateway import Gateway
from bench.load import Spell, apply_load
from bench.processes import cpu_s, memory_mib, shared_cores
from bench.results import Results, Soak, today
from bench.serving import Setting, served

TOKENS_PER_S = 10


@dataclass(frozen=True, kw_only=True)
class Size:
    """How many streams, for how long."""

    streams: int
    seconds: int

    def spell(self) -> Spell:
        """One stream on each connection, the beginnings spread over two seconds."""
        return Spell(
            model=f"mock-{TOKENS_PER_S}",
            stream=True,
            connections=self.streams,
            tokens=self.seconds * TOKENS_PER_S,
            seconds=self.seconds + 5,
            requests=1,
            stagger_ms=2000,
        )


def soak(gateway: Gateway, size: Size, setting: Setting) -> Soak:
    """Lets all streams run through the gateway and reports; memory is sampled every second."""
    with served(gateway, setting) as it:
        resident_mib: list[float] = []
        cpu_before_s = cpu_s(it.pid)
        result = apply_load(
            setting.tools,
            size.spell(),
            to=it.port,
            key=it.key,
            cores=setting.cores.rest,
            each_second=lambda: resident_mib.append(memory_mib(it.pid, kind="Rss")),
        )
        cpu_cores = (cpu_s(it.pid) - cpu_before_s) / result.elapsed_s
    return Soak(
        date=today(),
        gateway=gateway.label,
        streams=size.streams,
        tokens_per_s=TOKENS_PER_S,
        seconds=size.seconds,
        completed=result.completed,
        tokens=result.tokens,
        errors=size.streams - result.completed,
        rss_mib_max=max(resident_mib),
        cpu_cores=cpu_cores,
        delay_p50_us=result.delay_us.p50,
        delay_p99_us=result.delay_us.p99,
    )


def main(words: list[str] | None = None) -> int:
    """Returns the exit status: 1 when a stream failed or memory went over its limit."""
    parser = argparse.ArgumentParser(prog="python -m bench.soak", description=__doc__)
    parser.add_argument("--gateway", default=goals.OURS, help="the name of a gateway")
    parser.add_argument("--streams", type=int, default=1000)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--out", metavar="FOLDER", help="add the result to the results in this folder")
    options = parser.parse_args(words)
    (gateway,) = gateways.named((options.gateway,))
    cache = cache_folder()
    gateway.install(cache)
    size = Size(streams=options.streams, seconds=options.seconds)
    setting = Setting(tools=build(cache), cores=shared_cores(), cache=cache)
    result = soak(gateway, size, setting)
    kept = tuple(goals.of_rest(Results(soak=result)))
    print(report.soak_part(result))
    print(report.goal_lines(kept))
    if options.out is not None:
        report.update(Path(options.out), soak=result)
    return 0 if all(goal.met for goal in kept) else 1


if __name__ == "__main__":
    raise SystemExit(main())
