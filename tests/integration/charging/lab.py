"""Gateways that charge, over two fault engines and one database, and the reading of what they charged."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any, Self

from antiphon.credits import ledger, store, verify
from antiphon.credits.ledger import AccountKey
from antiphon.db import Connection, Database
from antiphon.testing.fault_engine import FaultEngine
from antiphon.testing.gateway_process import GatewayProcess
from antiphon.testing.plan import Habits
from antiphon.testing.raw_client import RawClient, RawResponse, request_bytes

ADMIN = "sk-charging-2a97516c354b68848cdbd8f54a226a0a55b2"
PAYER = "sk-payer-2a97516c354b68848cdbd8f54a226a0a55b21ed1"
CHAT = "/v1/chat/completions"
HELLO = [{"role": "user", "content": "hello"}]
PROMPT = 6  # tokens of `hello`, as the engine counts them
PROMPT_PRICE, COMPLETION_PRICE = 1, 2  # micro-USDC for one token
FLAT = 10  # what a token of the model `flat` costs; its prompt is free
JSON = Any  # Any: the wire
SETTINGS = """
[failover]
continuations_max = 0
[auth]
pepper = "0123456789abcdef0123456789abcdef"
key_kind = "test"
[database]
url = "{database}"
[credits]
signup_grant = 0
[timeouts]
first_token_s = 1.0
inter_token_s = 0.6
[[keys]]
name = "admin"
key = "{admin}"
account = "acme"
admin = true
[[keys]]
name = "payer"
key = "{payer}"
account = "payer"
credit = "dev"
[[upstreams]]
name = "a"
url = "{a}"
kind = "vllm"
[[upstreams.models]]
name = "one"
upstream_name = "fault-model"
prices = {{ prompt = 1_000_000, completion = 2_000_000 }}
[[upstreams.models]]
name = "pair"
upstream_name = "fault-model"
prices = {{ prompt = 1_000_000, completion = 2_000_000 }}
[[upstreams.models]]
name = "flat"
upstream_name = "fault-model"
prices = {{ completion = 10_000_000 }}
[[upstreams.models]]
name = "gratis"
upstream_name = "fault-model"
[[upstreams]]
name = "b"
url = "{b}"
kind = "vllm"
models = [{{ name = "pair", upstream_name = "fault-model" }}]
[[upstreams]]
name = "c"
url = "{c}"
kind = "vllm"
models = [{{ name = "vectors", upstream_name = "fault-model", prices = {{ prompt = 1_000_000 }} }}]
"""


class Engines:
    """The engines behind the gateways; `c` makes embeddings."""

    def __init__(self) -> None:
        self.a = FaultEngine()
        self.b = FaultEngine()
        self.c = FaultEngine(Habits(embeds=True))

    async def __aenter__(self) -> Self:
        """Start them."""
        for engine in (self.a, self.b, self.c):
            await engine.__aenter__()
        return self

    async def __aexit__(self, *_: object) -> None:
        """End them."""
        for engine in (self.a, self.b, self.c):
            await engine.__aexit__()


def settings(database_url: str, engines: Engines) -> str:
    """The gateways' settings over these engines."""
    a, b, c = engines.a.url, engines.b.url, engines.c.url
    return SETTINGS.format(database=database_url, admin=ADMIN, payer=PAYER, a=a, b=b, c=c)


def chat(model: str = "one", *, stream: bool = False, **fields: JSON) -> dict[str, JSON]:
    """A request for six tokens, with these fields changed or added."""
    body = {"model": model, "messages": HELLO, "max_tokens": 6, "stream": stream, **fields}
    if stream:
        body.setdefault("stream_options", {"include_usage": True})
    return body


def sent_bytes(body: dict[str, JSON], *, key: str = PAYER, path: str = CHAT, request_id: str = "") -> bytes:
    """A whole request."""
    headers = {"authorization": f"Bearer {key}", "accept": "application/json"}
    if request_id:
        headers["x-request-id"] = request_id
    return request_bytes(path, body, headers=headers)


class Lab:
    """A gateway and its books; `gateways` are all that share them."""

    def __init__(self, gateways: Sequence[GatewayProcess], engines: Engines, database: Database) -> None:
        self.gateways = gateways
        self.a = engines.a
        self.b = engines.b
        self.database = database
        self._grants = 0

    @property
    def gateway(self) -> GatewayProcess:
        """The first."""
        return self.gateways[0]

    async def fund(self, amount: int, account: str = "payer") -> None:
        """Give an account play money."""
        self._grants += 1
        key: AccountKey = ("DEV", ledger.user(account))
        journal = ledger.grant(key, f"test:{account}:{self._grants}", amount, at_ms=1_800_000_000_000)
        await self.database.write(partial(store.post, journal=journal))

    async def ask(
        self, body: dict[str, JSON], *, key: str = PAYER, path: str = CHAT, gateway: int = 0, request_id: str = ""
    ) -> RawResponse:
        """The answer to one request on a connection of its own."""
        async with await RawClient.connect(self.gateways[gateway].url) as client:
            await client.send(sent_bytes(body, key=key, path=path, request_id=request_id))
            return await client.response(timeout_s=20.0)

    async def receipt(self, receipt_id: str, *, key: str = PAYER) -> JSON:
        """The receipt of a request, as soon as there is one."""
        async with asyncio.timeout(10):
            while True:
                answer = await self.gateway.ask(f"/v1/receipts/{receipt_id}", key=key)
                if answer.status == 200:
                    return answer.json()
                assert answer.status == 404, answer
                await asyncio.sleep(0.02)

    async def create(self, **fields: JSON) -> str:
        """A stored key of the account `acme`."""
        made = await self.gateway.ask("/v1/keys", {"name": "agent", **fields}, key=ADMIN)
        assert made.status == 201, made
        return str(made.json()["api_key"])

    async def charged(self, account: str = "payer") -> int:
        """What an account was charged so far, as the books say."""
        total = await self.database.read(partial(charged, account=ledger.user(account)))
        return int(total)

    async def require_sound(self) -> None:
        """The books are proved, and receipts say what the journals do."""
        findings = await self.database.read(partial(verify.verify, now_ms=0))
        assert findings.fault is None
        assert await self.database.read(differing) == []


def charged(connection: Connection, account: str) -> int:
    """The sum of an account's charges."""
    row = connection.one(
        "SELECT COALESCE(SUM(e.amount), 0) FROM ledger_entries AS e JOIN ledger_journals AS j"
        " ON j.ledger = e.ledger AND j.number = e.number WHERE j.kind = 'usage' AND e.account = :account",
        account=account,
    )
    assert row is not None
    return -int(row[0])


def differing(connection: Connection) -> list[tuple[str, int | None, int | None]]:
    """Requests whose receipt says something else than their journal."""
    paid = {
        row[0].removeprefix("use:"): -int(row[1])
        for row in connection.all(
            "SELECT j.id, e.amount FROM ledger_journals AS j JOIN ledger_entries AS e"
            " ON e.ledger = j.ledger AND e.number = j.number WHERE j.kind = 'usage' AND e.account LIKE 'user:%'"
        )
    }
    said = {row[0]: int(row[1]) for row in connection.all("SELECT id, charged FROM receipts")}
    return [
        (name, paid.get(name), said.get(name))
        for name in sorted(paid.keys() | said.keys())
        if paid.get(name, 0) != said.get(name)
    ]


def folders(path: Path, count: int) -> list[Path]:
    """A folder for each gateway."""
    made = [path / f"gateway-{number}" for number in range(count)]
    for folder in made:
        folder.mkdir()
    return made
