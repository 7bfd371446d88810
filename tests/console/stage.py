"""A gateway with something of everything, for the console's pages: test money, a campaign of six hours, nodes."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from random import Random
from typing import Any

from msgspec import Struct

from antiphon.campaigns import aggregates
from antiphon.campaigns.aggregates import Counted
from antiphon.campaigns.known import KnownCampaigns
from antiphon.campaigns.model import Campaign, Goal, Variant
from antiphon.campaigns.service import Campaigns
from antiphon.chain.wallets import read_wallet
from antiphon.chat import Sampling
from antiphon.clock import ManualClock, SystemClock
from antiphon.db import Connection, Database
from antiphon.db.open import open_database
from antiphon.feedback import metric_store
from antiphon.feedback.model import Metric
from antiphon.ids import seeded
from antiphon.projects.model import configured_id
from antiphon.settings.local_chain import database_url
from antiphon.testing.fault_engine import FaultEngine
from antiphon.testing.gateway_process import GatewayProcess
from antiphon.testing.node_process import NodeProcess
from antiphon.testing.plan import Habits
from antiphon.testing.raw_client import RawClient, RawResponse, request_bytes

ADMIN = "sk-console-admin-2a97516c354b68848cdbd8f54a226a"
ACCOUNT = "acme"
HABITS = Habits(model="harbour-8b", answer_tokens=40, token_delay_s=0.02)
HOURS = 6
HOUR_MS = 3_600_000
UNITS = 900
LIKED = {"plain": 0.58, "warm": 0.76}
SCORE = (
    "INSERT INTO campaign_scores (campaign_id, metric_id, kind, subject, who, variant, unit, at_ms, value)"
    " VALUES (:campaign_id, :metric_id, 'direct', :subject, 0, :variant, :unit, :at_ms, :value)"
)
MODEL = "harbour-8b"
SETTINGS = """
chain = "local"
[auth]
pepper = "0123456789abcdef0123456789abcdef"
[[keys]]
name = "operator"
key = "{admin}"
account = "{account}"
admin = true
[[projects]]
key = "shop"
default_model = "{model}"
store = true
[[upstreams]]
url = "{engine}"
kind = "vllm"
models = [
  {{ name = "{model}", upstream_name = "{model}", prices = {{ prompt = 150000, completion = 600000 }} }},
  {{ name = "harbour-70b", upstream_name = "{model}", prices = {{ prompt = 900000, completion = 2700000 }} }},
]
"""


class Stage(Struct, frozen=True):
    """The gateway, the engine behind its nodes and upstreams, and the private key of the wallet with test money."""

    gateway: GatewayProcess
    engine: FaultEngine
    wallet: str
    folder: Path

    async def ask(
        self,
        method: str,
        path: str,
        body: Any = None,  # Any: JSON
        *,
        key: str = ADMIN,
        headers: Mapping[str, str] | None = None,
    ) -> RawResponse:
        """What the gateway answers to a request with a key."""
        sent = {"authorization": f"Bearer {key}", "accept": "application/json", **(headers or {})}
        async with await RawClient.connect(self.gateway.url) as client:
            await client.send(request_bytes(path, body, method=method, headers=sent))
            return await client.response()

    @contextlib.asynccontextmanager
    async def node(self, name: str, slots: int) -> AsyncIterator[NodeProcess]:
        """A node that has joined, with the engine behind it."""
        made = await self.ask("POST", "/v1/nodes/invites", {"name": name})
        assert made.status == 201, made.body
        words = ("--join", made.json()["token"], "--engine", f"openai+{self.engine.url}", "--slots", str(slots))
        async with NodeProcess(self.folder / name, *words) as node:
            yield node


@contextlib.asynccontextmanager
async def stage(folder: Path, packages: Path, *, more: str = "") -> AsyncIterator[Stage]:
    """Everything, up; `packages` are those of the local chain, `more` are further settings."""
    chain = folder / "data" / "chain"
    chain.mkdir(parents=True)
    (chain / "packages").symlink_to(packages)
    await seed(folder / "data")
    async with contextlib.AsyncExitStack() as stack:
        engine = await stack.enter_async_context(FaultEngine(habits=HABITS))
        told = SETTINGS.format(admin=ADMIN, account=ACCOUNT, engine=engine.url, model=MODEL)
        gateway = await stack.enter_async_context(GatewayProcess(told + more, folder))
        yield Stage(gateway, engine, read_wallet(chain / "wallet-key"), folder)


async def seed(data: Path) -> None:
    """A campaign that began six hours ago, with what came of it since."""
    database = open_database(database_url(data), data_dir=data)
    try:
        await _campaign(database)
    finally:
        await database.close()


async def _campaign(database: Database) -> None:
    now_ms = int(SystemClock().now() * 1000)
    began = ManualClock(now_ms / 1000 - HOURS * 3600)
    metric = Metric(
        id="019f2c4e-8ab3-75f7-896e-1c2400000001",
        key="thumbs",
        account=ACCOUNT,
        name="Thumbs",
        kind="BOOL",
        created_at_ms=0,
    )
    await database.write(lambda connection: metric_store.insert(connection, metric))
    known = KnownCampaigns(database)
    await known.refresh()
    campaigns = Campaigns(database, known, clock=began, ids=seeded(7))
    made = await campaigns.create(_draft(), start=True)
    await database.write(lambda connection: _fill(connection, made, metric.id, now_ms))


def _draft() -> Campaign:
    warm = Variant(id="", key="warm", name="Warm", sampling=Sampling(temperature=0.9), system_prompt="Be warm.")
    return Campaign(
        id="",
        account=ACCOUNT,
        key="tone",
        name="Tone of voice",
        description="Do warmer answers help more than plain ones?",
        project_id=configured_id("shop"),
        variants=(Variant(id="", key="plain", name="Plain"), warm),
        goals=(Goal("thumbs"), Goal("latency_ms", "measure")),
        samples_min=100,
    )


def _fill(connection: Connection, campaign: Campaign, metric_id: str, now_ms: int) -> None:
    draws = Random(11)
    for number in range(UNITS):
        variant = "warm" if number % 2 else "plain"
        at_ms = now_ms - HOURS * HOUR_MS + number * HOURS * HOUR_MS // UNITS
        counted = Counted(
            campaign_id=campaign.id,
            answer_id=f"chatcmpl-{number}",
            variant=variant,
            unit=number,
            at_ms=at_ms,
            latency_ms=draws.lognormvariate(6.2 if variant == "plain" else 6.25, 0.4),
            ttft_ms=draws.lognormvariate(4.5, 0.3),
            cost_micro_usdc=draws.randrange(80, 260),
            prompt_tokens=draws.randrange(40, 200),
            completion_tokens=draws.randrange(30, 120),
        )
        aggregates.count(connection, counted)
        value = float(draws.random() < LIKED[variant])
        connection.run(SCORE, campaign_id=campaign.id, metric_id=metric_id, subject=f"completion-{number}",
                       variant=variant, unit=number, at_ms=at_ms, value=value)  # fmt: skip
