"""Campaigns over three gateways: who gets which variant, from the request to what is stored, counted and receipted."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from antiphon.testing.raw_client import RawClient, request_bytes
from tests.fixtures.databases.server import PostgresServer
from tests.integration.campaigns_lab import ADMIN, PAYING, SEEN_S_MAX, STRANGER, Lab, laboratory, user

pytestmark = pytest.mark.asyncio(loop_scope="module")
USERS = 60


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def lab(postgres: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Lab]:
    """All of them, up."""
    folders = [tmp_path_factory.mktemp(name) for name in ("one", "two", "three")]
    async with laboratory(postgres.new_url(), folders) as made:
        yield made


async def test_users_keep_their_variants_wherever_they_ask(lab: Lab) -> None:
    """At every gateway, and at one that was killed and began again."""

    async def models(at: int) -> list[str]:
        return await asyncio.gather(*(lab.model(at=at, user=user(number)) for number in range(USERS)))

    async with lab.campaign("kept"):
        await lab.until("two", user=await lab.warm_user())
        seen = [await models(at) for at in range(3)]
        assert seen[0] == seen[1] == seen[2]
        assert USERS // 4 < Counter(seen[0])["two"] < 3 * USERS // 4
        await lab.gateways[2].kill()
        await lab.gateways[2].start()
        assert await models(2) == seen[0]


async def test_a_start_and_a_stop_are_seen_everywhere_in_time(lab: Lab) -> None:
    """Within two seconds, and here at once; a stream that is under way keeps what it got."""
    async with lab.campaign("seen", start=False):
        assert {await lab.model(user=user(number)) for number in range(9)} == {"one"}
        assert (await lab.manage("/seen/start", {})).json()["status"] == "running"
        warm = await lab.warm_user()
        assert await lab.until("two", user=warm) < SEEN_S_MAX
        async with await RawClient.connect(lab.gateways[0].url) as client:
            text = "[[answer tokens=20 delay_s=0.05]] Go."
            body = {"model": "p", "messages": [{"role": "user", "content": text}], "stream": True, "user": warm}
            headers = {"authorization": f"Bearer {ADMIN}"}
            await client.send(request_bytes("/api/v1/chat/completions", body, headers=headers))
            await client.until(b"data: ")
            assert (await lab.manage("/seen/stop", {})).json()["status"] == "stopped"
            assert await lab.model(user=warm) == "one"
            streamed = (await client.response(timeout_s=30.0)).events()
        assert streamed[-1] == "[DONE]"
        assert '"model":"two"' in streamed[-2]
        assert await lab.until("one", user=warm) < SEEN_S_MAX


async def test_what_a_variant_sets_reaches_the_engine_and_the_records(lab: Lab) -> None:
    """Its prompt and its sampling; the interaction and the receipt name the campaign and the variant."""
    async with lab.campaign("told"):
        warm = await lab.warm_user()
        lab.engine.record.exchanges.clear()
        answer = await lab.chat(key=PAYING, user=warm, temperature=0.1, system_prompt_args={"tone": "cold"})
    assert answer.status == 200, answer.body
    (sent,) = [one.body for one in lab.engine.record.exchanges if one.path.endswith("completions")]
    assert sent["messages"][0] == {"role": "system", "content": "Be warm."}
    assert sent["temperature"] == 0.9
    completion_id = answer.json()["choices"][0]["completion_id"]
    gateway = lab.gateways[0]
    kept = (await gateway.ask(f"/v1/interactions/{completion_id}", key=ADMIN)).json()
    assert (kept["campaign"], kept["variant"]) == ("told", "warm")
    listed = (await gateway.ask("/v1/interactions?campaign=told&variant=warm", key=ADMIN)).json()
    assert completion_id in [one["completion_id"] for one in listed["data"]]
    receipt = (await gateway.ask(f"/v1/receipts/{answer.json()['id']}", key=PAYING)).json()
    assert (receipt["campaign"], receipt["variant"], receipt["model"]) == ("told", "warm", "two")


async def test_a_request_can_ask_for_a_campaign(lab: Lab) -> None:
    """Whatever the share; where it cannot have it, it is refused, and never silently given the default."""
    async with lab.campaign("asked", share=0.0) as made:
        models = {await lab.model(user=user(number), ab_campaign=made["id"]) for number in range(30)}
        assert models == {"one", "two"}
        assert {await lab.model(user=user(number)) for number in range(30)} == {"one"}
        assert await lab.model(model="p/two", ab_campaign="asked") == "two"
        refusals = [
            (await lab.chat(ab_campaign="never"), 404, "does not exist"),
            (await lab.chat(ab_campaign="asked", key=STRANGER), 404, "does not exist"),
            (await lab.chat(ab_campaign="asked", model="default"), 400, "of another project"),
        ]
    refusals.append((await lab.chat(ab_campaign="asked"), 409, "is not running but stopped"))
    for refused, status, words in refusals:
        assert refused.status == status, refused.body
        assert words in refused.json()["error"]


async def test_a_configured_campaign_with_a_model_that_nobody_serves(lab: Lab) -> None:
    """It is made once, by whichever gateway was first; requests of such a variant fail, however asked, and count."""
    for at in range(3):
        (made,) = (await lab.gateways[at].ask("/v1/campaigns?project=haunted", key=ADMIN)).json()["data"]
        assert (made["key"], made["status"]) == ("ghosts", "running")
    asked = [
        await lab.chat(model="haunted", user=user(number), stream=stream, key=PAYING)
        for number in range(10)
        for stream in (False, True)
    ]
    assert {answer.status for answer in asked} == {200, 503}
    failed = sum(answer.status == 503 for answer in asked)
    assert failed == 2 * sum(answer.status == 503 for answer in asked[::2])

    async def counted() -> int:
        report = (await lab.gateways[0].ask("/v1/campaigns/ghosts/report", key=ADMIN)).json()
        (rate,) = [metric for metric in report["verdict"]["metrics"] if metric["key"] == "error_rate"]
        return sum(standing["n"] for standing in rate["standings"])

    async with asyncio.timeout(10):
        while await counted() < 10:  # noqa: ASYNC110 - counted behind the answers
            await asyncio.sleep(0.05)
