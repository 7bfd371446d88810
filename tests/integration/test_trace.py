"""One id leads from the client through the engine and the log to the books."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from antiphon.testing.fault_engine import FaultEngine
from antiphon.testing.gateway_process import GatewayProcess
from antiphon.testing.node_process import NodeProcess
from antiphon.testing.plan import Habits
from antiphon.testing.raw_client import RawClient, request_bytes
from tests.integration.nodes_lab import ADMIN, Lab

SETTINGS = f"""
[observability]
log_format = "json"
access_log = true
[[keys]]
name = "ann"
key = "{ADMIN}"
credit = "dev"
admin = true
[[nodes.models]]
name = "m"
upstream_name = "fault-model"
prices = {{{{ prompt = 1_000_000, completion = 2_000_000 }}}}
[[upstreams]]
url = "{{other}}"
kind = "openai"
models = [{{{{ name = "other" }}}}]
"""
LOGGING = ("--set", "observability.access_log=true", "--set", "observability.log_format=json")
SECRET = "the heron nests"
HEADERS = {"authorization": f"Bearer {ADMIN}", "accept": "application/json", "x-request-id": "order-7"}


async def grant(folder: Path) -> None:
    """Give the key's account credit."""
    command = ("credits", "grant", "ann", "1", "--ledger", "DEV", "--config", str(folder / "antiphon.toml"))
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "antiphon", *command, stdout=asyncio.subprocess.DEVNULL
    )
    assert await process.wait() == 0


async def traced(folder: Path, *words: str) -> list[dict[str, Any]]:  # Any: JSON
    """What the command prints."""
    command = ("trace", "order-7", "--config", str(folder / "antiphon.toml"), "--json", *words)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "antiphon", *command, stdout=asyncio.subprocess.PIPE
    )
    told, _ = await process.communicate()
    assert SECRET not in told.decode()
    return [json.loads(line) for line in told.splitlines()]


async def ask(gateway: GatewayProcess) -> None:
    """One request that is named by its client, and paid for."""
    body = {
        "model": "m",
        "max_tokens": 9,
        "store": True,
        "messages": [{"role": "user", "content": f"{SECRET} [[answer tokens=3]]"}],
    }
    async with await RawClient.connect(gateway.url) as client:
        await client.send(request_bytes("/v1/chat/completions", body, method="POST", headers=HEADERS))
        assert (await client.response(timeout_s=30)).status == 200
    assert (await gateway.ask("/v1/receipts/order-7", key=ADMIN)).status == 200  # settled, once it is there


@pytest.mark.slow
async def test_a_request_is_followed_from_its_client_to_the_books(tmp_path: Path) -> None:
    """The client's own id leads to the node, its engine, both logs, the receipt and the charge."""
    async with (
        FaultEngine(Habits(model="other")) as other,
        FaultEngine() as engine,
        GatewayProcess(SETTINGS.format(other=other.url), tmp_path) as gateway,
    ):
        await grant(tmp_path)
        lab = Lab(gateway, engine, tmp_path)
        words = ("--join", await lab.token(name="attic"), "--engine", f"vllm+{engine.url}", *LOGGING)
        async with NodeProcess(tmp_path / "attic", *words):
            await lab.until("attic", presence="serving")
            await ask(gateway)
        names = [one.headers.get("x-request-id", "") for one in engine.record.exchanges]
        assert [name.rpartition(".")[0] for name in names if name] == ["order-7"]
        await gateway.stop()
        logs = ("--log", str(tmp_path / "gateway.log"), "--log", str(tmp_path / "attic" / "node.log"))
        told = await traced(tmp_path, "--account", "ann", *logs)
    assert {one["source"] for one in told} == {"receipt", "node", "ledger", "interaction", "log"}
    charge = next(one for one in told if one["source"] == "ledger")
    ended = next(one for one in told if one["what"] == "ended: delivered")
    assert charge["details"]["user:ann"] == f"-{ended['details']['charged']}"
    assert [one["what"] for one in told if one["source"] == "log"].count("attempt") == 1
    assert any(one["what"] == "request" and one["details"].get("status") == 200 for one in told)
