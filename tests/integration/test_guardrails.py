"""Campaigns that end by themselves, from requests to what becomes of the project, over two gateways."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import pytest
import pytest_asyncio
from msgspec import Struct

from antiphon.testing.fault_engine import FaultEngine
from antiphon.testing.gateway_process import GatewayProcess
from antiphon.testing.raw_client import RawClient, RawResponse, request_bytes
from tests.fixtures.databases.server import PostgresServer

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.slow]

JSON = Any  # Any: the wire
KEY = "sk-guardrails-516c354b68848cdbd8f54a226a0a55b21ed1"
WITHIN_S = 60.0
SEEN_S = 2.0  # what gateways have to see each other's changes
AT_ONCE = 8
REQUESTS = 400
SETTINGS = """
[auth]
pepper = "0123456789abcdef0123456789abcdef"
[database]
url = "{database}"
[failover]
hedging = false
[[keys]]
name = "admin"
key = "{key}"
account = "acme"
admin = true
[[upstreams]]
url = "{engine}"
kind = "vllm"
models = [{{ name = "good", upstream_name = "fault-model" }}]
[[upstreams]]
name = "away"
url = "http://127.0.0.1:9"
kind = "vllm"
models = [{{ name = "bad" }}]
"""


class Lab(Struct, frozen=True):
    """Two gateways over one database; the model `good` answers, the model `bad` never does."""

    gateways: tuple[GatewayProcess, ...]

    async def ask(self, path: str, body: JSON = None) -> JSON:
        """The JSON of a good answer."""
        answer = await self.gateways[0].ask(path, body, key=KEY)
        assert answer.status in (200, 201), answer.body
        return answer.json()

    async def chat(self, project: str, number: int) -> RawResponse:
        """One request of a project, of one user, at either gateway."""
        body = {"model": project, "messages": [{"role": "user", "content": "hi"}], "max_tokens": 2,
                "user": f"00000000-0000-4000-8000-{number:012x}"}  # fmt: skip
        return await self.gateways[number % 2].ask("/api/v1/chat/completions", body, key=KEY)

    async def traffic(self, project: str) -> list[int]:
        """The statuses of many requests."""
        found: list[int] = []
        for first in range(0, REQUESTS, AT_ONCE):
            answers = await asyncio.gather(*(self.chat(project, first + place) for place in range(AT_ONCE)))
            found += [answer.status for answer in answers]
        return found

    async def until_over(self, campaign: str) -> JSON:
        """The campaign once it has stopped by itself."""
        async with asyncio.timeout(WITHIN_S):
            while (found := await self.ask(f"/v1/campaigns/{campaign}"))["status"] == "running":  # noqa: ASYNC110
                await asyncio.sleep(0.5)
        return found


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def lab(postgres: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Lab]:
    """Both of them, up."""
    async with AsyncExitStack() as stack:
        engine = await stack.enter_async_context(FaultEngine())
        told = SETTINGS.format(database=postgres.new_url(), engine=engine.url, key=KEY)
        gateways = [GatewayProcess(told, tmp_path_factory.mktemp(name)) for name in ("one", "two")]
        await asyncio.gather(*(stack.enter_async_context(gateway) for gateway in gateways))
        yield Lab(tuple(gateways))
        for gateway in gateways:
            assert "Traceback" not in gateway.log, gateway.log


async def test_a_variant_that_fails_is_stopped(lab: Lab) -> None:
    """Its users get what the project says from then on, and the reason is there for everybody."""
    await lab.ask("/v1/projects", {"key": "p", "default_model": "good"})
    await lab.ask("/v1/campaigns", {
        "key": "risky", "project": "p", "start": True, "share": 0.5,
        "variants": [{"key": "same"}, {"key": "worse", "model": "bad"}],
        "guardrails": [{"measure": "error_rate", "limit": 0.2}],
    })  # fmt: skip
    await asyncio.sleep(SEEN_S)
    statuses = await lab.traffic("p")
    assert {200, 503} >= set(statuses)
    assert REQUESTS // 8 < statuses.count(503) < REQUESTS // 2
    over = await lab.until_over("risky")
    assert over["ending"]["reason"] == "guardrail"
    assert "worse has error_rate of " in over["ending"]["sentence"]
    await asyncio.sleep(SEEN_S)
    assert set(await lab.traffic("p")) == {200}


async def test_a_winner_is_deployed(lab: Lab) -> None:
    """By what people say, once that is certain; the project is then what the winner was."""
    await lab.ask("/v1/projects", {"key": "q", "default_model": "good", "store": True})
    await lab.ask("/v1/feedback/metrics", {"key": "thumbs", "kind": "BOOL"})
    await lab.ask("/v1/campaigns", {
        "key": "liked", "project": "q", "start": True, "decides": True, "deploys": True, "samples_min": 50,
        "goals": [{"metric": "thumbs"}],
        "variants": [{"key": "plain"}, {"key": "short", "sampling": {"max_tokens": 1}}],
    })  # fmt: skip
    await asyncio.sleep(SEEN_S)
    said = 0
    for number in range(REQUESTS):
        choice = (await lab.chat("q", number)).json()["choices"][0]
        likes = choice["finish_reason"] == "length" and len(choice["message"]["content"].split()) < 2
        body = {"completion_id": choice["completion_id"], "metric": "thumbs", "value": likes}
        answer = await lab.gateways[0].ask("/api/v1/feedback", body, key=KEY)  # wherever it was answered
        said += answer.status == 201
    assert said == REQUESTS
    over = await lab.until_over("liked")
    assert (over["ending"]["reason"], over["ending"]["winner"]) == ("decided", "short")
    await asyncio.sleep(SEEN_S)
    assert (await lab.ask("/v1/projects/q"))["defaults"] == {"max_tokens": 1}
    report = await lab.ask("/v1/campaigns/liked/report")
    assert report["sentence"]
    await require_other_forms(lab)


async def require_other_forms(lab: Lab) -> None:
    """The report is a picture too, and a text for a terminal."""
    async with await RawClient.connect(lab.gateways[1].url) as client:
        for form, begin in (("svg", b"<svg"), ("text", b"liked")):
            headers = {"authorization": f"Bearer {KEY}"}
            path = f"/v1/campaigns/liked/report?format={form}"
            await client.send(request_bytes(path, method="GET", headers=headers))
            answer = await client.response(timeout_s=30.0)
            assert answer.status == 200
            assert answer.body.startswith(begin), answer.body[:200]
