"""Another account's private channel is like none: the same status, body and headers, in the same time."""

from __future__ import annotations

import math
import random
import re
import statistics
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from antiphon.testing.fault_engine import FaultEngine
from antiphon.testing.gateway_process import GatewayProcess
from antiphon.testing.raw_client import RawClient, RawResponse, request_bytes

from .crowd import KEY, SETTINGS

STRANGER = "sk-stranger-97516c354b68848cdbd8f54a226a0a55b21ed1"
KEYS = f'[[keys]]\nname = "stranger"\nkey = "{STRANGER}"\n'
OWN = re.compile(rb"(room|nook)-?\d*|req_\w+")  # what a request itself says
CHANGING = ("date", "x-request-id")
PAIRS = 3_000
DEVIATIONS_MAX = 4  # of the share that chance gives
pytestmark = pytest.mark.slow  # that the refusals are the same is held by unit tests as well


@pytest.fixture(params=["sqlite", "postgres"])
def database_kind(request: pytest.FixtureRequest) -> str:
    """Either kind."""
    return str(request.param)


@pytest_asyncio.fixture
async def gateway(database_url: str, tmp_path: Path) -> AsyncIterator[GatewayProcess]:
    """One with a channel of its writer's, and a message in it."""
    async with FaultEngine() as engine:
        settings = SETTINGS.format(database=database_url, engine=engine.url, key=KEY) + KEYS
        async with GatewayProcess(settings, tmp_path) as made:
            assert (await made.ask("/v1/channels", {"name": "room"}, key=KEY)).status == 201
            posted = await made.ask("/v1/channel", {"channel": "room", "content": "secret"}, key=KEY)
            assert posted.json()["channel"] == "writer/room"
            yield made


async def ask(client: RawClient, method: str, path: str, body: object = None) -> RawResponse:
    """A stranger's request on a connection that stays open."""
    await client.send(request_bytes(path, body, method=method, headers={"authorization": f"Bearer {STRANGER}"}))
    return await client.response()


def told(answer: RawResponse) -> tuple[int, dict[str, str], bytes]:
    """All that an answer tells, but for what the request said itself and what differs each time."""
    headers = {name: value for name, value in answer.headers.items() if name not in CHANGING}
    return answer.status, headers, OWN.sub(b"_", answer.body)


async def test_answers_are_the_same(gateway: GatewayProcess) -> None:
    """Whatever is asked of it."""
    async with await RawClient.connect(gateway.url) as client:
        for method, path, body in (
            ("GET", "/v1/channel?channel=writer/{}", None),
            ("GET", "/v1/channel?channel=writer/{}&follow=true", None),
            ("GET", "/v1/channel?channel=writer/{}&wait=1", None),
            ("POST", "/v1/channel", '{"channel": "writer/{}", "content": "hello"}'),
            ("GET", "/v1/channels/writer/{}", None),
            ("PATCH", "/v1/channels/writer/{}", '{"addMembers": ["stranger"]}'),
            ("DELETE", "/v1/channels/writer/{}", None),
        ):
            answers = []
            for name in ("room", "nook"):
                filled = body.replace("{}", name) if body else None
                answers.append(told(await ask(client, method, path.format(name), filled and filled.encode())))
            assert answers[0] == answers[1]
            assert answers[0][0] == (400 if path.startswith("/v1/channel?") or method == "POST" else 404)
    shown = await gateway.ask("/v1/channel?channel=room", key=KEY)
    secret = shown.json()["messages"][0]["id"]
    async with await RawClient.connect(gateway.url) as client:
        for message in (secret, secret[:-1] + "9"):
            answer = await ask(client, "DELETE", f"/v1/channel/{message}")
            assert answer.status == 404
            assert b"does not exist" in answer.body


async def test_answers_take_the_same_time(gateway: GatewayProcess) -> None:
    """Of many pairs asked one after the other, about half take longer for the one, half for the other."""
    spent: dict[str, list[float]] = {"room": [], "nook": []}
    chance = random.Random(1)  # any fixed order would follow the turns of the threads that read
    async with await RawClient.connect(gateway.url) as client:
        for _ in range(PAIRS):
            for name in chance.sample(("room", "nook"), 2):
                begun = time.perf_counter()
                answer = await ask(client, "GET", f"/v1/channel?channel=writer/{name}")
                spent[name].append(time.perf_counter() - begun)
                assert answer.status == 400
    longer = sum(there > none for there, none in zip(spent["room"], spent["nook"], strict=True)) / PAIRS
    there, none = (statistics.median(spent[name]) * 1e6 for name in ("room", "nook"))
    medians = f"private {there:.0f} µs, none {none:.0f} µs"
    print(f"\nmedians: {medians}; private took longer in {longer:.1%} of {PAIRS} pairs")
    assert abs(longer - 0.5) <= DEVIATIONS_MAX * 0.5 / math.sqrt(PAIRS)
