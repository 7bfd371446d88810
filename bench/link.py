"""What a streamed chunk costs over NATS beside HTTP on loopback: the processor time of all processes, in one run.

`make bench-link`. The engine is the same, and so is its pace; the time that it takes to keep that pace is in both
figures. Rounds take turns, so that what else the machine does falls on both.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import os
import statistics
import subprocess
import sys
import tempfile
from contextlib import AsyncExitStack
from pathlib import Path
from random import Random

import msgspec

from antiphon.clock import SystemClock
from antiphon.link import claims
from antiphon.link.broker import Broker, find_program, kept_port
from antiphon.link.broker_config import BrokerOptions
from antiphon.link.credentials import Authority, BrokerKeys, Credentials, new_seed
from bench.charging import spent_us
from bench.link_ends import End
from bench.processes import free_port, stop

RATIO_MAX = 2.0
PACE_S = 0.02
WARM_S = 2.0
NATS = ("gateway", "broker", "node")
PARTS = {"http": ("gateway", "node"), "nats": NATS, "nats unsealed": NATS}


async def measure(way: str, folder: Path, streams: int, seconds: float) -> dict[str, float]:
    """Microseconds a chunk, of each process."""
    async with AsyncExitStack() as stack:
        pids: dict[str, int] = {}
        credentials: dict[str, Credentials | None] = {"node": None, "gateway": None}
        url = f"http://127.0.0.1:{free_port()}"
        if way != "http":
            broker, credentials = await started(folder)
            stack.push_async_callback(broker.stop)
            pids["broker"], url = broker.pid or 0, broker.url
        report = folder / "chunks"
        report.write_bytes(bytes(8))
        for part in ("node", "gateway"):
            role = f"{part}-{way.split(maxsplit=1)[0]}"
            end = End(role, url, credentials[part], streams, PACE_S, str(report), seals=way == "nats")
            process = run(end)
            stack.callback(stop, process)
            pids[part] = process.pid
            await asyncio.sleep(1.0)
        await asyncio.sleep(WARM_S)
        before = {part: spent_us(pid) for part, pid in pids.items()}
        count = chunks(report)
        await asyncio.sleep(seconds)
        came = chunks(report) - count
        assert came > 0.5 * streams * seconds / PACE_S, f"only {came} chunks came over {way}"
        return {part: (spent_us(pid) - before[part]) / came for part, pid in pids.items()}


async def started(folder: Path) -> tuple[Broker, dict[str, Credentials | None]]:
    """A broker, and what its two users connect with."""
    clock = SystemClock()
    authority = Authority(BrokerKeys.make(), clock)
    options = BrokerOptions(folder=folder, port=kept_port(folder))
    broker = Broker(find_program(os.environ), options, authority, clock=clock, random=Random(1))
    await broker.start()
    seed = new_seed()
    node = Credentials(authority.node_token("n1", claims.public_key(seed)), seed)
    return broker, {"node": node, "gateway": authority.gateway_credentials("gw1")}


def run(end: End) -> subprocess.Popen[bytes]:
    """One end in a process of its own."""
    told = base64.b64encode(msgspec.msgpack.encode(end)).decode()
    return subprocess.Popen([sys.executable, "-m", "bench.link_ends", told], start_new_session=True)


def chunks(report: Path) -> int:
    """How many chunks the gateway has read; a file that is just being written is read again."""
    while len(data := report.read_bytes()) != 8:
        pass
    return int.from_bytes(data, "little")


def main() -> int:
    """Returns the exit status: 1 when NATS costs more than it may."""
    parser = argparse.ArgumentParser(prog="python -m bench.link", description=__doc__)
    parser.add_argument("--streams", type=int, default=48)
    parser.add_argument("--seconds", type=float, default=8.0)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    found: dict[str, list[dict[str, float]]] = {way: [] for way in PARTS}
    for _ in range(options.rounds):
        for way in PARTS:
            with tempfile.TemporaryDirectory() as folder:
                found[way].append(asyncio.run(measure(way, Path(folder), options.streams, options.seconds)))
    sums = {}
    for way, parts in PARTS.items():
        told = {part: statistics.median(one[part] for one in found[way]) for part in parts}
        sums[way] = statistics.median(sum(one.values()) for one in found[way])
        print(f"{way}: " + ", ".join(f"{part} {us:.1f}" for part, us in told.items()) + f"; sum {sums[way]:.1f} us")
    ratio = sums["nats"] / sums["http"]
    print(f"nats / http: {ratio:.2f} (at most {RATIO_MAX:g}), {options.streams} streams, a chunk every {PACE_S:g} s")
    return 0 if ratio <= RATIO_MAX else 1


if __name__ == "__main__":
    raise SystemExit(main())
