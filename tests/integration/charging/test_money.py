"""Money for ten requests serves ten, however many come at once, at however many gateways; a key's cap likewise."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest

from antiphon.db.open import open_database
from antiphon.testing.gateway_process import GatewayProcess
from antiphon.testing.raw_client import RawResponse

from .lab import ADMIN, FLAT, Engines, Lab, chat, folders, settings

pytestmark = pytest.mark.parametrize("database_kind", ["sqlite", "postgres"])
REQUESTS = 200
ENOUGH_FOR = 10
ONE = chat("flat", max_tokens=1)


@asynccontextmanager
async def serving(url: str, path: Path, count: int) -> AsyncIterator[Lab]:
    """So many gateways on one database."""
    async with AsyncExitStack() as stack:
        engines = await stack.enter_async_context(Engines())
        told = settings(url, engines)
        gateways = [
            await stack.enter_async_context(GatewayProcess(told, folder)) for folder in folders(path, count)
        ]  # fmt: skip
        database = open_database(url, data_dir=path)
        stack.push_async_callback(database.close)
        yield Lab(gateways, engines, database)


async def many(lab: Lab, *keys: str, requests: int = REQUESTS) -> list[RawResponse]:
    """The answers to so many requests at once, spread over gateways and keys."""
    asked = (
        lab.ask(ONE, key=keys[number % len(keys)], gateway=number % len(lab.gateways)) for number in range(requests)
    )
    return await asyncio.gather(*asked)


def statuses(answers: list[RawResponse]) -> Counter[int]:
    """How often each status was answered."""
    return Counter(answer.status for answer in answers)


@pytest.mark.parametrize("gateways", [1, 2])
async def test_money_for_ten(database_url: str, tmp_path: Path, gateways: int) -> None:
    """Exactly ten are served and charged, the others are told what is missing, and nothing is left over."""
    async with serving(database_url, tmp_path, gateways) as lab:
        key = await lab.create(scopes=["inference", "credits"])
        await lab.fund(ENOUGH_FOR * FLAT, "acme")
        answers = await many(lab, key)
        assert statuses(answers) == {200: ENOUGH_FOR, 402: REQUESTS - ENOUGH_FOR}
        for gateway in lab.gateways:
            balance = (await gateway.ask("/v1/credits/balance", key=key)).json()
            assert balance["balance_micro_usdc"] >= 0
        assert await lab.charged("acme") == ENOUGH_FOR * FLAT
        await lab.require_sound()


async def test_a_cap_for_ten(database_url: str, tmp_path: Path) -> None:
    """A key serves as many as its cap allows at two gateways together, and its account's other keys go on."""
    async with serving(database_url, tmp_path, 2) as lab:
        capped = await lab.create(scopes=["inference"], spend_cap_micro_usdc=ENOUGH_FOR * FLAT)
        other = await lab.create(scopes=["inference", "credits"])
        await lab.fund(1_000_000, "acme")
        answers = await many(lab, capped)
        assert statuses(answers) == {200: ENOUGH_FOR, 402: REQUESTS - ENOUGH_FOR}
        refused = next(answer for answer in answers if answer.status == 402)
        assert refused.json()["error"]["code"] == "spend_cap_reached"
        assert "The key may spend 0.0001 USDC in all" in refused.json()["error"]["message"]
        assert statuses(await many(lab, other, requests=4)) == {200: 4}
        for gateway in lab.gateways:
            await gateway.ask("/v1/credits/balance", key=other)
        assert await lab.charged("acme") == (ENOUGH_FOR + 4) * FLAT
        await lab.require_sound()


async def test_a_successor_s_cap(database_url: str, tmp_path: Path) -> None:
    """A key that replaced another has what is left of its cap, and so has the other."""
    async with serving(database_url, tmp_path, 1) as lab:
        await lab.fund(1_000_000, "acme")
        made = (
            await lab.gateway.ask(
                "/v1/keys", {"name": "agent", "scopes": ["inference"], "spend_cap_micro_usdc": 3 * FLAT}, key=ADMIN
            )
        ).json()
        old = made["api_key"]
        assert (await lab.ask(ONE, key=old)).status == 200
        new = (await lab.gateway.ask(f"/v1/keys/{made['key']['id']}/rotate", {}, key=ADMIN)).json()["api_key"]
        answers = [(await lab.ask(ONE, key=key)).status for key in (new, old, new, old)]
        assert answers == [200, 200, 402, 402]


async def test_refusals_hold_nothing(database_url: str, tmp_path: Path) -> None:
    """Who is refused by the account lets go of the key's cap, so that it serves when there is money."""
    async with serving(database_url, tmp_path, 1) as lab:
        key = await lab.create(scopes=["inference"], spend_cap_micro_usdc=FLAT)
        for _ in range(3):
            refused = await lab.ask(ONE, key=key)
            assert (refused.status, refused.json()["error"]["code"]) == (402, "insufficient_credits")
        await lab.fund(FLAT, "acme")
        assert (await lab.ask(ONE, key=key)).status == 200
