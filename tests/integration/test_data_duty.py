"""What is not to be stored is nowhere, and what is deleted is gone: looked for byte by byte in a gateway's files."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest_asyncio

from antiphon.testing.fault_engine import FaultEngine
from antiphon.testing.gateway_process import GatewayProcess
from antiphon.testing.raw_client import RawClient, RawResponse, request_bytes

KEY = "sk-ann-97516c354b68848cdbd8f54a226a0a2a"
SETTINGS = """
[observability]
log_level = "debug"
access_log = true
[[keys]]
name = "ann"
key = "{key}"
credit = "dev"
admin = true
[[upstreams]]
url = "{engine}"
kind = "vllm"
[[upstreams.models]]
name = "m"
upstream_name = "fault-model"
prices = {{ prompt = 1_000_000, completion = 2_000_000 }}
"""
CHAT = "/v1/chat/completions"
SECRET = "the heron nests at quay seven"
REFUSED = "the otter sleeps below the weir"
KEPT = "the plover rests on the sandbar"
Json = dict[str, Any]  # Any: what a client sends


class Watched:
    """A gateway, and everything that it writes to the disk."""

    def __init__(self, gateway: GatewayProcess, folder: Path) -> None:
        self.gateway = gateway
        self._folder = folder

    def holds(self, *texts: str) -> list[str]:
        """Which of these texts stand in any file, and where."""
        files = [file for file in self._folder.rglob("*") if file.is_file() and file.name != "antiphon.toml"]
        assert any(file.name == "antiphon.db" for file in files)
        contents = {file.name: file.read_bytes() for file in files}
        return [f"{text!r} in {name}" for text in texts for name, held in contents.items() if text.encode() in held]

    async def send(self, method: str, path: str, body: Json | None = None, **headers: str) -> RawResponse:
        """The whole answer to a request."""
        named = {"authorization": f"Bearer {KEY}", "accept": "application/json"}
        named |= {name.replace("_", "-"): value for name, value in headers.items()}
        async with await RawClient.connect(self.gateway.url) as client:
            await client.send(request_bytes(path, body, method=method, headers=named))
            return await client.response(timeout_s=30.0)

    async def grant(self) -> None:
        """Give the key's account credit."""
        granting = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "antiphon", "credits", "grant", "ann", "1", "--ledger", "DEV"),
            *("--config", str(self._folder / "antiphon.toml")),
            stdout=asyncio.subprocess.DEVNULL,
        )
        assert await granting.wait() == 0

    async def leave(self, body: Json) -> None:
        """Ask, and leave when the first words have come."""
        client = await RawClient.connect(self.gateway.url)
        await client.send(request_bytes(CHAT, body, headers={"authorization": f"Bearer {KEY}"}))
        await client.until(b"data: ")
        client.reset()


@pytest_asyncio.fixture
async def watched(tmp_path: Path) -> AsyncIterator[Watched]:
    """A gateway whose requests are paid for, with logs that tell all that they ever tell."""
    async with FaultEngine() as engine:
        gateway = GatewayProcess(SETTINGS.format(key=KEY, engine=engine.url), tmp_path)
        async with gateway:
            yield Watched(gateway, tmp_path)


def chat(text: str, **fields: object) -> Json:
    """A request that says whether it is to be stored only where `fields` do."""
    return {"model": "m", "messages": [{"role": "user", "content": text}], "max_tokens": 4096, **fields}


def said(answer: RawResponse) -> str:
    """The beginning of an answer, long enough to be nothing else."""
    content = str(answer.json()["choices"][0]["message"]["content"])
    assert len(content) >= 40
    return content[:40]


async def test_what_is_not_to_be_stored_is_nowhere(watched: Watched) -> None:
    """However it was asked, answered or broken off; what is stored is found, so that the search is known to find."""
    await watched.grant()
    unstored = chat(f"[[answer tokens=40]] {SECRET}", store=False, session_id="s1", metadata={"page": "home"})
    plain = await watched.send("POST", CHAT, unstored)
    keyed = await watched.send("POST", CHAT, unstored, idempotency_key="once")
    streamed = await watched.send("POST", CHAT, unstored | {"stream": True})
    several = await watched.send("POST", CHAT, unstored | {"n": 2, "user": "ann"})
    text = await watched.send("POST", "/v1/completions", {"model": "m", "prompt": SECRET, "max_tokens": 9})
    adaptive = await watched.send("POST", f"/api{CHAT}", unstored | {"model": "default/m", "session_id": None})
    answers = (plain, keyed, streamed, several, text, adaptive)
    assert [answer.status for answer in answers] == [200] * len(answers)
    await watched.leave(chat(f"[[answer tokens=400 delay_s=0.01]] {SECRET}", store=False, stream=True))
    refused = await watched.send("POST", CHAT, chat(REFUSED, temperature=REFUSED))
    failed = await watched.send("POST", CHAT, chat(f"[[fault:status status=500]] {SECRET}", store=False))
    assert (refused.status, failed.status) == (400, 502)
    receipt = await watched.send("GET", f"/v1/receipts/{plain.json()['id']}")
    assert receipt.status == 200
    unkept = (SECRET, REFUSED, said(plain), said(keyed), said(several))
    assert watched.holds(*unkept) == []
    answer = await watched.send("POST", CHAT, chat(f"[[answer tokens=40]] {KEPT}", store=True, session_id="s2"))
    exported = await watched.send("GET", "/v1/interactions/export?session_id=s2")
    assert exported.body.count(b"\n") == 1
    assert KEPT.encode() in exported.body
    assert len(watched.holds(KEPT, said(answer))) >= 2
    assert (await watched.send("DELETE", "/v1/interactions?account=ann&to_ms=9999999999999")).json()["deleted"] == 1
    assert (await watched.send("GET", "/v1/sessions/s2")).status == 404
    await watched.gateway.stop()
    assert watched.holds(*unkept, KEPT, said(answer)) == []
