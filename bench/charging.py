"""What charging costs a gateway: its processor time for a request, of keys that pay and of keys that do not.

`python -m bench.charging`: a gateway in a process of its own over the scriptable engine, asked by some connections at
once, each after its last answer. Only the gateway's own time is counted; rounds of all kinds take turns.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import sys
import tempfile
from functools import partial
from pathlib import Path

from antiphon.credits import ledger, store
from antiphon.db.open import open_database
from antiphon.testing.fault_engine import FaultEngine
from antiphon.testing.gateway_process import GatewayProcess
from antiphon.testing.raw_client import RawClient, request_bytes

KEYS = {name: f"sk-{name}-2a97516c354b68848cdbd8f54a226a0a55b21ed1" for name in ("nobody", "payer")}
# What is compared: the key and the model.
KINDS = {"unmetered": ("nobody", "priced"), "free model": ("payer", "gratis"), "charged": ("payer", "priced")}
SETTINGS = """
[database]
url = "{database}"
[[keys]]
name = "nobody"
key = "{nobody}"
[[keys]]
name = "payer"
key = "{payer}"
credit = "usdc"
[[upstreams]]
url = "{engine}"
kind = "vllm"
models = [
  {{ name = "priced", upstream_name = "fault-model", prices = {{ prompt = 1_000_000, completion = 2_000_000 }} }},
  {{ name = "gratis", upstream_name = "fault-model" }},
]
"""
TICK_US = 1_000_000 / os.sysconf("SC_CLK_TCK")


def spent_us(pid: int) -> float:
    """The processor time of a process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * TICK_US


async def ask(url: str, request: bytes, count: int) -> None:
    """One connection's requests, one after the other."""
    async with await RawClient.connect(url) as client:
        for _ in range(count):
            await client.send(request)
            answer = await client.response()
            assert answer.status == 200, answer


async def measured(gateway: GatewayProcess, kind: str, *, stream: bool, requests: int, connections: int) -> float:
    """Microseconds of the gateway's processor time for one request."""
    key, model = KINDS[kind]
    body = {"model": model, "messages": [{"role": "user", "content": "hello"}], "max_tokens": 8, "stream": stream}
    request = request_bytes("/v1/chat/completions", body, headers={"authorization": f"Bearer {KEYS[key]}"})
    before = spent_us(gateway.pid)
    await asyncio.gather(*(ask(gateway.url, request, requests // connections) for _ in range(connections)))
    await asyncio.sleep(0.3)  # what is written behind the answers counts too
    return (spent_us(gateway.pid) - before) / requests


async def compare(url: str, folder: Path, options: argparse.Namespace) -> None:
    """Print a line for each kind of request."""
    async with FaultEngine() as engine:
        told = SETTINGS.format(database=url, engine=engine.url, **KEYS)
        async with GatewayProcess(told, folder) as gateway:
            database = open_database(url, data_dir=folder)
            funds = ledger.topup(ledger.user("payer"), "bench", 10**12, at_ms=0)
            await database.write(partial(store.post, journal=funds))
            await database.close()
            for stream in (False, True):
                taken: dict[str, list[float]] = {kind: [] for kind in KINDS}
                for _ in range(options.rounds):
                    for kind, times in taken.items():
                        sizes = {"requests": options.requests, "connections": options.connections}
                        times.append(await measured(gateway, kind, stream=stream, **sizes))
                for kind, times in taken.items():
                    form = "streamed" if stream else "plain"
                    sys.stdout.write(f"{form:9}{kind:12}{statistics.median(times):8.1f} us\n")


def main() -> None:
    """Read the flags, and measure."""
    parser = argparse.ArgumentParser(prog="python -m bench.charging")
    parser.add_argument("--url", help="a database of its own; absent: SQLite in a folder that is removed")
    parser.add_argument("--requests", type=int, default=1600)
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        url = options.url or f"sqlite:///{folder}/books.db"
        asyncio.run(compare(url, Path(folder), options))


if __name__ == "__main__":
    main()
