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
from antiphon.testing.raw_client import RawClient, request_bytes

KEY = "sk-ann-97516c354b68848cdbd8f54a226a0a2a"
SETTINGS = """
[observability]
log_format = "json"
access_log = true
[[keys]]
name = "ann"
key = "{key}"
credit = "dev"
[[upstreams]]
url = "{engine}"
kind = "vllm"
[[upstreams.models]]
name = "m"
upstream_name = "fault-model"
prices = {{ prompt = 1_000_000, completion = 2_000_000 }}
"""
SECRET = "the heron nests"
HEADERS = {"authorization": f"Bearer {KEY}", "accept": "application/json", "x-request-id": "order-7"}


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


@pytest.mark.slow
async def test_a_request_is_followed_from_its_client_to_the_books(tmp_path: Path) -> None:
    """The client's own id: the engine hears it, the log, the receipt and the charge are found by it."""
    async with (
        FaultEngine() as engine,
        GatewayProcess(SETTINGS.format(key=KEY, engine=engine.url), tmp_path) as gateway,
    ):
        await grant(tmp_path)
        body = {
            "model": "m",
            "max_tokens": 9,
            "store": True,
            "messages": [{"role": "user", "content": f"{SECRET} [[answer tokens=3]]"}],
        }
        async with await RawClient.connect(gateway.url) as client:
            await client.send(request_bytes("/v1/chat/completions", body, method="POST", headers=HEADERS))
            assert (await client.response(timeout_s=30)).status == 200
        assert (await gateway.ask("/v1/receipts/order-7", key=KEY)).status == 200  # settled, once it is there
        asked = next(one for one in engine.record.exchanges if one.path == "/v1/chat/completions" and one.tokens)
        assert asked.headers["x-request-id"].startswith("order-7.att-")
        await gateway.stop()
        told = await traced(tmp_path, "--account", "ann", "--log", str(tmp_path / "gateway.log"))
    assert {one["source"] for one in told} == {"receipt", "ledger", "interaction", "log"}
    charge = next(one for one in told if one["source"] == "ledger")
    ended = next(one for one in told if one["what"] == "ended: delivered")
    assert charge["details"]["user:ann"] == f"-{ended['details']['charged']}"
    assert any(one["what"] == "request" and one["details"]["status"] == 200 for one in told)
