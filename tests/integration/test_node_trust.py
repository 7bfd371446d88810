"""A real node over the broker: what it signs is verified and shown with the charge, and its owner earns."""

from __future__ import annotations

import asyncio
import json
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from antiphon.accounts.ethereum import signer
from antiphon.clock import SystemClock
from antiphon.credits import ledger, store, verify
from antiphon.credits.earnings import Earnings
from antiphon.db.open import open_database
from antiphon.testing.fault_engine import FaultEngine
from antiphon.testing.gateway_process import GatewayProcess
from antiphon.testing.node_process import NodeProcess
from antiphon.testing.plan import Habits

ADMIN = "sk-node-trust-admin-2a97516c354b68848cdbd8f54a226a0a"
PAYER = "sk-node-trust-payer-2a97516c354b68848cdbd8f54a226a0a"
REQUESTS = 12
SETTINGS = """
[auth]
pepper = "0123456789abcdef0123456789abcdef"
[database]
url = "{database}"
[trust]
checked_per_mille = 1000
[nodes]
models = [{{ name = "m", upstream_name = "fault-model" }}]
[[keys]]
name = "admin"
key = "{admin}"
admin = true
[[keys]]
name = "payer"
key = "{payer}"
account = "payer"
credit = "dev"
[[upstreams]]
name = "own"
url = "{own}"
kind = "vllm"
reference = true
models = [{{ name = "m", upstream_name = "fault-model", prices = {{ completion = 10_000_000 }} }}]
"""


async def asked(gateway: GatewayProcess, number: int) -> str:
    """The id of a paid answer that a node gave, plain or streamed; "" when our own engine did."""
    body = {
        "model": "m",
        "messages": [{"role": "user", "content": f"Question {number}"}],
        "stream": number % 2 == 0,
        "max_tokens": 40,
    }
    answer = await gateway.ask("/v1/chat/completions", body, key=PAYER)
    assert answer.status == 200, answer.body
    told: Any = answer.json() if number % 2 else json.loads(answer.events()[0])  # Any: JSON
    return str(told["id"])


async def receipt(gateway: GatewayProcess, answer_id: str) -> Any:  # Any: JSON
    """What was charged for it."""
    return (await gateway.ask(f"/v1/receipts/{answer_id}", key=PAYER)).json()


async def checks(gateway: GatewayProcess) -> dict[str, dict[str, int]]:
    """How many checks of each kind the node went through."""
    told = (await gateway.ask("/v1/nodes/attic/evidence", key=ADMIN)).json()
    assert not told["quarantined"], told
    return {one["kind"]: one for one in told["checks"]}


@pytest.mark.slow
async def test_an_honest_node(tmp_path: Path) -> None:
    """Each of its receipts is good, each answer passes, and the books give its owner exactly the share."""
    url = f"sqlite:///{tmp_path / 'books.db'}"
    database = open_database(url, data_dir=tmp_path, clock=SystemClock())
    await database.write(partial(store.post, journal=ledger.grant(("DEV", "user:payer"), "g", 10**9, at_ms=1)))
    habits = Habits(answer_tokens=20)
    async with FaultEngine(habits) as own, FaultEngine(habits) as behind:
        settings = SETTINGS.format(database=url, admin=ADMIN, payer=PAYER, own=own.url)
        async with GatewayProcess(settings, tmp_path) as gateway:
            made = await gateway.ask("/v1/nodes/invites", {"name": "attic"}, key=ADMIN)
            words = ("--join", made.json()["token"], "--engine", f"vllm+{behind.url}", "--slots", "8")
            async with NodeProcess(tmp_path / "attic", *words) as node:
                await node.wait_for("serving")
                ids: list[str] = []
                while len(behind.requests) < REQUESTS:
                    ids += await asyncio.gather(*(asked(gateway, len(ids) + number) for number in range(4)))
                shown = (await gateway.ask("/v1/nodes/attic", key=ADMIN)).json()
                receipts = [await receipt(gateway, answer_id) for answer_id in ids]
                served = [one for one in receipts if one["nodes"] == [shown["id"]]]
                assert served
                for one in served:
                    (signed,) = one["node_receipts"]
                    assert signer(signed["text"], signed["signature"]) == shown["owner"]
                    assert signed["completion_tokens"] == one["usage"]["completion_tokens"]
                while (found := await checks(gateway)).get("receipt", {"checks": 0})["checks"] < len(served):
                    pass
                assert {kind: one["failures"] for kind, one in found.items() if one["failures"]} == {}
                assert {"receipt", "time"} <= set(found)
    (earned,) = await Earnings(database).of(shown["owner"], "DEV")
    assert earned.owed == sum(one["charged_micro_usdc"] * 8 // 10 for one in served)
    assert (await database.read(partial(verify.verify, now_ms=0))).fault is None
    await database.close()
