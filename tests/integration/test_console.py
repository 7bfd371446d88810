"""The console of a gateway that runs: its page, its cookie, and what it sees of requests."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest_asyncio

from antiphon.testing.fault_engine import FaultEngine
from antiphon.testing.gateway_process import GatewayProcess
from antiphon.testing.raw_client import RawClient, RawResponse, request_bytes

ADMIN = "sk-console-2a97516c354b68848cdbd8f54a226a0a"
POOR = "sk-console-poor-516c354b68848cdbd8f54a22"
PLANTED = "sk-planted-2a97516c354b68848cdbd8f54a"
SETTINGS = """
[[keys]]
name = "root"
key = "{admin}"
admin = true
[[keys]]
name = "poor"
key = "{poor}"
credit = "dev"
[[upstreams]]
url = "{engine}"
kind = "vllm"
api_key = "{planted}"
models = [{{ name = "m", upstream_name = "fault-model", prices = {{ prompt = 1_000_000, completion = 1_000_000 }} }}]
"""
CONSOLE = {"x-antiphon-console": "1", "sec-fetch-site": "same-origin", "accept": "application/json"}
SECRET = "the heron nests"
PATIENCE_S = 30.0


class Browser:
    """A browser at the console, whose session it keeps."""

    def __init__(self, gateway: GatewayProcess) -> None:
        self.gateway = gateway
        self.cookie = ""

    async def ask(
        self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None
    ) -> RawResponse:  # Any: JSON
        """One request, as the console's own scripts make it."""
        sent = CONSOLE | ({"cookie": self.cookie} if self.cookie else {}) | (headers or {})
        async with await RawClient.connect(self.gateway.url) as client:
            await client.send(request_bytes(path, body, method=method, headers=sent))
            answer = await client.response(timeout_s=PATIENCE_S)
        if (given := answer.headers.get("set-cookie")) is not None:
            self.cookie = given.partition(";")[0]
        return answer

    async def enter(self, key: str) -> Any:  # Any: JSON
        """Sign in."""
        answer = await self.ask("POST", "/v1/console/session", {"api_key": key})
        assert answer.status == 201, answer.body
        return answer.json()

    async def complete(self, text: str) -> RawResponse:
        """A chat of the playground."""
        body = {"model": "m", "max_tokens": 5, "messages": [{"role": "user", "content": text}]}
        return await self.ask("POST", "/v1/chat/completions", body)

    async def latest(self) -> list[dict[str, Any]]:
        """The requests that it sees."""
        return list((await self.ask("GET", "/v1/console/live")).json()["requests"])


@pytest_asyncio.fixture
async def gateway(tmp_path: Path) -> AsyncIterator[GatewayProcess]:
    """One in front of an engine that takes money."""
    async with FaultEngine() as engine:
        told = SETTINGS.format(admin=ADMIN, poor=POOR, planted=PLANTED, engine=engine.url)
        async with GatewayProcess(told, tmp_path) as gateway:
            yield gateway


async def test_from_the_page_to_the_end_of_a_session(gateway: GatewayProcess) -> None:
    """All that a browser does, by one cookie; nobody sees more than their own, nor what was said, nor a secret."""
    root, poor = Browser(gateway), Browser(gateway)
    page = await root.ask("GET", "/", headers={"accept": "text/html"})
    assert (page.status, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert (await root.ask("GET", "/")).status == 404
    assert (await root.ask("GET", "/v1/models")).status == 401
    assert (await root.ask("GET", "/v1/console/sign-in")).json()["wallets"] is False

    assert (await root.enter(ADMIN))["admin"] is True
    assert (await poor.enter(POOR))["ledger"] == "DEV"
    assert [one["id"] for one in (await root.ask("GET", "/v1/models")).json()["data"]] == ["m"]
    assert (await root.ask("GET", "/v1/models", headers={"sec-fetch-site": "cross-site"})).status == 403

    following = asyncio.create_task(first_seen(root))
    assert (await root.complete(f"{SECRET} [[answer tokens=3]]")).status == 200
    seen = await following
    assert (seen["state"], seen["key"], seen["model"]) == ("ended", "root", "m")
    assert [attempt["failure"] for attempt in seen["attempts"]] == [None]
    assert seen["placed_ms"] <= seen["ended_ms"]
    assert SECRET not in json.dumps(seen)

    refused = await poor.complete(SECRET)
    assert refused.status == 402
    (shown,) = await poor.latest()
    assert (shown["state"], shown["account"], shown["error"]["code"]) == ("refused", "poor", "insufficient_credits")
    assert shown["error"]["message"] in refused.body.decode()
    assert {one["account"] for one in await root.latest()} == {"root", "poor"}

    assert (await poor.ask("GET", "/v1/console/settings")).status == 403
    settings = await root.ask("GET", "/v1/console/settings")
    values = {one["name"]: one["value"] for one in settings.json()["settings"]}
    assert values["upstreams[0].api_key"] == "set"
    assert not any(secret in settings.body.decode() for secret in (ADMIN, POOR, PLANTED))

    before = root.cookie
    assert (await root.ask("DELETE", "/v1/console/session")).status == 204
    root.cookie = before
    assert (await root.ask("GET", "/v1/console/overview")).json()["error"]["code"] == "session_ended"
    assert root.cookie.partition("=")[2] not in gateway.log


async def first_seen(browser: Browser) -> dict[str, Any]:
    """The first request that is over, as the stream of events tells it."""
    headers = CONSOLE | {"cookie": browser.cookie, "accept": "text/event-stream"}
    async with await RawClient.connect(browser.gateway.url) as client:
        await client.send(request_bytes("/v1/console/live", None, method="GET", headers=headers))
        told = await client.until(b'"state":"ended"', timeout_s=PATIENCE_S)
        told += await client.until(b"\n\n", timeout_s=PATIENCE_S)
    events = [json.loads(line[6:]) for line in told.decode().split("\n") if line.startswith("data: ")]
    return dict(next(seen for one in events for seen in one["requests"] if seen["state"] == "ended"))
