"""A hundred thousand users at three gateways, one of which is killed: who got which variant, and who was counted."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterable

import pytest
import pytest_asyncio

from antiphon.testing.raw_client import RawClient, request_bytes
from tests.fixtures.databases.server import PostgresServer
from tests.integration.campaigns_lab import ADMIN, PLAIN, SEEN_S_MAX, WARM, Lab, laboratory, user

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.slow, pytest.mark.timeout(3600)]

USERS = 100_000
AGAIN = 10_000
VISITORS = 4  # at each gateway
KILLED_AFTER = 20_000
LOST_MAX = 1_000  # counts that were on their way into the database when their gateway died
HEADERS = {"authorization": f"Bearer {ADMIN}", "accept": "application/json"}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def lab(postgres: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Lab]:
    """All of them, up."""
    folders = [tmp_path_factory.mktemp(name) for name in ("one", "two", "three")]
    async with laboratory(postgres.new_url(), folders) as made:
        yield made


class Visits:
    """Requests of many users, and the model that answered each."""

    def __init__(self, lab: Lab) -> None:
        self._lab = lab
        self.models: dict[int, str] = {}

    async def make(self, users: int, *, shifted: int = 0) -> None:
        """One request of each, spread over the gateways; `shifted` by one, each is at another one."""
        lanes = 3 * VISITORS
        await asyncio.gather(*(self._make((lane + shifted) % 3, range(lane, users, lanes)) for lane in range(lanes)))

    async def _make(self, at: int, numbers: Iterable[int]) -> None:
        """One after the other on one connection, or on a new one when that broke."""
        left = list(numbers)[::-1]
        while left:
            try:
                async with await RawClient.connect(self._lab.gateways[at].url) as client:
                    while left and (model := await self._ask(client, left[-1])) is not None:
                        self.models[left.pop()] = model
            except OSError:
                await asyncio.sleep(0.1)

    async def _ask(self, client: RawClient, number: int) -> str | None:
        """The model that answered a user, None when the connection broke."""
        turn = {"role": "user", "content": "hi"}
        body = {"model": "p", "user": user(number), "store": False, "max_tokens": 1, "messages": [turn]}
        await client.send(request_bytes("/v1/chat/completions", body, headers=HEADERS))
        answer = await client.response(timeout_s=60.0)
        return str(answer.json()["model"]) if answer.status == 200 and answer.ending == "whole" else None


async def test_nobody_is_switched(lab: Lab) -> None:
    """A tenth of all users ask once more, at another gateway: each gets what it got before.

    The weights hold within one per cent, and so they do in the report, which has counted them all but for those that
    were on their way when a gateway was killed.
    """
    async with lab.campaign("many", variants=[{**PLAIN, "weight": 3}, WARM]):
        await asyncio.sleep(SEEN_S_MAX)
        first, again = Visits(lab), Visits(lab)
        visiting = asyncio.create_task(first.make(USERS))
        while len(first.models) < KILLED_AFTER:  # noqa: ASYNC110
            await asyncio.sleep(0.1)
        await lab.gateways[2].kill()
        await lab.gateways[2].start()
        await visiting
        await again.make(AGAIN, shifted=1)
        report = (await lab.gateways[0].ask("/v1/campaigns/many/report", key=ADMIN, timeout_s=60.0)).json()
    assert (len(first.models), len(again.models)) == (USERS, AGAIN)
    assert [number for number, model in again.models.items() if first.models[number] != model] == []
    warm = Counter(first.models.values())["two"]
    assert abs(warm / USERS - 0.25) < 0.01
    ratio = report["verdict"]["ratio"]
    assert not ratio["mismatch"]
    assert USERS - LOST_MAX <= sum(ratio["units"].values()) <= USERS
    assert abs(ratio["units"]["warm"] - warm) <= LOST_MAX
