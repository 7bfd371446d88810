"""A gateway, an engine of its own and a partner's: the partner earns, lies, is found out and gets no more work."""

from __future__ import annotations

import asyncio
import sys
from functools import partial
from pathlib import Path
from typing import Any

from antiphon.clock import SystemClock
from antiphon.credits import ledger, store, verify
from antiphon.db.open import open_database
from antiphon.testing.fault_engine import FaultEngine
from antiphon.testing.faults import Fault
from antiphon.testing.gateway_process import GatewayProcess
from antiphon.testing.plan import Habits

ADMIN = "sk-trust-admin-2a97516c354b68848cdbd8f54a226a0a55b2"
PAYER = "sk-trust-payer-2a97516c354b68848cdbd8f54a226a0a55b2"
PARTNER = "sk-trust-partner-97516c354b68848cdbd8f54a226a0a55b2"
OWNER = "0x19E7E376E7C213B7E7e7e46cc70A5dD086DAff2A"
REQUESTS_MAX = 200
SETTINGS = """
[auth]
pepper = "0123456789abcdef0123456789abcdef"
[database]
url = "{database}"
[trust]
checked_per_mille = 1000
[[keys]]
name = "admin"
key = "{admin}"
admin = true
[[keys]]
name = "payer"
key = "{payer}"
account = "payer"
credit = "dev"
[[keys]]
name = "partner"
key = "{partner}"
account = "{owner}"
credit = "dev"
[[upstreams]]
name = "partner"
url = "{other}"
kind = "vllm"
owner = "{owner}"
weight = 1000
models = [{{ name = "m", upstream_name = "fault-model", prices = {{ completion = 10_000_000 }} }}]
[[upstreams]]
name = "own"
url = "{own}"
kind = "vllm"
reference = true
models = [{{ name = "m", upstream_name = "fault-model", prices = {{ completion = 10_000_000 }} }}]
"""


async def asked(gateway: GatewayProcess, number: int) -> Any:  # Any: JSON
    """A request that is paid."""
    body = {"model": "m", "messages": [{"role": "user", "content": f"Question {number}"}], "max_tokens": 64}
    answer = await gateway.ask("/v1/chat/completions", body, key=PAYER)
    assert answer.status == 200, answer.body
    return answer.json()


async def evidence(gateway: GatewayProcess) -> Any:  # Any: JSON
    """What is thought of the partner."""
    return (await gateway.ask("/v1/nodes/partner/evidence", key=ADMIN)).json()


async def said(gateway: GatewayProcess, command: str) -> str:
    """What `antiphon nodes` says of the partner."""
    words = ("-m", "antiphon", "nodes", command, "partner", "--base-url", gateway.url, "--key", ADMIN)
    process = await asyncio.create_subprocess_exec(sys.executable, *words, stdout=asyncio.subprocess.PIPE)
    out, _ = await process.communicate()
    assert process.returncode == 0
    return out.decode()


async def test_a_partner_that_lies(tmp_path: Path) -> None:
    """It earns for what it did; once it tells of three times the tokens it is in quarantine, and that is shown."""
    url = f"sqlite:///{tmp_path / 'books.db'}"
    database = open_database(url, data_dir=tmp_path, clock=SystemClock())
    await database.write(partial(store.post, journal=ledger.grant(("DEV", "user:payer"), "g", 10**9, at_ms=1)))
    habits = Habits(answer_tokens=16)
    async with FaultEngine(habits) as own, FaultEngine(habits) as other:
        settings = SETTINGS.format(
            database=url, admin=ADMIN, payer=PAYER, partner=PARTNER, owner=OWNER, own=own.url, other=other.url
        )
        async with GatewayProcess(settings, tmp_path) as gateway:
            for number in range(REQUESTS_MAX):  # whether an answer's log-probabilities are looked at is drawn by lot
                assert (await asked(gateway, number))["choices"][0]["logprobs"] is None
                if number >= 5 and "model" in {one["kind"] for one in (await evidence(gateway))["checks"]}:
                    break
            honest = len(other.requests)
            assert honest > 0
            other.always(Fault("lying_usage", factor=3))
            for number in range(REQUESTS_MAX):
                await asked(gateway, 1000 + number)
                if number % 5 == 4 and (await evidence(gateway))["quarantined"]:
                    break
            told = await evidence(gateway)
            print(f"found after {number + 1} requests")
            assert (told["quarantined"], told["factor"]) == (True, 0.0)
            assert told["accused_of"] == "it tells of more tokens than its answer has"
            assert "It told of 48 tokens, a reference counts" in told["evidence"][0]["says"]
            assert {one["kind"]: one["failures"] for one in told["checks"]}["model"] == 0
            before = len(other.requests)
            for number in range(10):
                last = await asked(gateway, 9000 + number)
            assert len(other.requests) == before
            receipt = await gateway.ask(f"/v1/receipts/{last['id']}", key=PAYER)  # waits until all so far is settled
            assert receipt.status == 200
            metrics = (await gateway.ask("/metrics")).body.decode()
            assert 'antiphon_node_quarantines_total{kind="usage",node="partner"} 1.0' in metrics
            earned = (await gateway.ask("/v1/earnings", key=PARTNER)).json()
            assert earned["data"][0]["node"] == "partner"
            assert earned["owed_micro_usdc"] >= honest * 16 * 10 * 8 // 10
            assert "partner is in quarantine since" in await said(gateway, "evidence")
            pardoned = await gateway.ask("/v1/nodes/partner/pardon", {}, key=ADMIN)
            assert (pardoned.status, pardoned.json()["quarantined"]) == (200, False)
            assert "partner serves, with 100% of the work" in await said(gateway, "evidence")
            assert await said(gateway, "pardon") == "partner serves again.\n"
        assert "a node is in quarantine" in gateway.log
    findings = await database.read(partial(verify.verify, now_ms=0))
    assert findings.fault is None
    await database.close()
