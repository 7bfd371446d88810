"""Three gateways over one database, with two models and a project whose requests campaigns can take."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

from msgspec import Struct

from antiphon.testing.fault_engine import FaultEngine
from antiphon.testing.gateway_process import GatewayProcess
from antiphon.testing.raw_client import RawResponse
from tests.fixtures.machine import Stopwatch

JSON = Any  # Any: the wire
ADMIN = "sk-campaigns-516c354b68848cdbd8f54a226a0a55b21ed1"
PAYING = "sk-campaigns-paying-354b68848cdbd8f54a226a0a55b2"
STRANGER = "sk-campaigns-stranger-4b68848cdbd8f54a226a0a55b2"
SEEN_S_MAX = 2.0
SETTINGS = """
[auth]
pepper = "0123456789abcdef0123456789abcdef"
[database]
url = "{database}"
[[keys]]
name = "admin"
key = "{admin}"
account = "acme"
admin = true
[[keys]]
name = "paying"
key = "{paying}"
account = "acme"
credit = "dev"
[[keys]]
name = "stranger"
key = "{stranger}"
admin = true
[[projects]]
key = "p"
default_model = "one"
system_prompt = "Be {{{{tone}}}}."
store = true
[[projects.arguments]]
name = "tone"
default = "plain"
[[projects]]
key = "haunted"
default_model = "one"
[[campaigns]]
key = "ghosts"
account = "acme"
project = "haunted"
variants = [{{ key = "alive" }}, {{ key = "dead", model = "ghost" }}]
[[upstreams]]
url = "{engine}"
kind = "vllm"
models = [{{ name = "one", upstream_name = "fault-model" }}, {{ name = "two", upstream_name = "fault-model" }}]
"""
PLAIN = {"key": "plain"}
WARM = {
    "key": "warm",
    "model": "two",
    "sampling": {"temperature": 0.9},
    "system_prompt_args": {"tone": "warm"},
}


class Lab(Struct, frozen=True):
    """Three gateways over one database and one engine."""

    gateways: tuple[GatewayProcess, ...]
    engine: FaultEngine

    @asynccontextmanager
    async def campaign(self, key: str, **fields: JSON) -> AsyncIterator[JSON]:
        """A campaign between two models, which runs until the end."""
        body = {"key": key, "project": "p", "start": True, "variants": [PLAIN, WARM], **fields}
        made = await self.manage(body=body)
        assert made.status == 201, made.body
        yield made.json()
        await self.manage(f"/{key}/stop", {})

    async def manage(self, path: str = "", body: JSON = None, *, at: int = 0, key: str = ADMIN) -> RawResponse:
        """What a gateway says of campaigns."""
        return await self.gateways[at].ask(f"/v1/campaigns{path}", body, key=key)

    async def chat(self, *, at: int = 0, key: str = ADMIN, text: str = "hello", **fields: JSON) -> RawResponse:
        """The answer to one request of the project, at Adaptive's door, where completions have ids."""
        body = {"model": "p", "messages": [{"role": "user", "content": text}], "max_tokens": 3, **fields}
        return await self.gateways[at].ask("/api/v1/chat/completions", body, key=key)

    async def model(self, **asked: JSON) -> str:
        """Which model answered, which tells the variant."""
        answer = await self.chat(**asked)
        assert answer.status == 200, answer.body
        return str(answer.json()["choices"][0]["model"])

    async def warm_user(self) -> str:
        """A user who gets the second variant."""
        for number in range(100):
            if await self.model(user=user(number)) == "two":
                return user(number)
        raise AssertionError("half of all users get it")

    async def until(self, wanted: str, **asked: JSON) -> float:
        """How long it takes until that model answers such requests at every gateway."""
        watch = Stopwatch(*(gateway.pid for gateway in self.gateways))
        while True:
            answered = {await self.model(at=at, **asked) for at in range(len(self.gateways))}
            if answered == {wanted}:
                return watch.fair_s
            assert watch.fair_s < 2 * SEEN_S_MAX


def user(number: int) -> str:
    """A user's id."""
    return str(UUID(int=number, version=4))


@asynccontextmanager
async def laboratory(database: str, folders: Sequence[Path]) -> AsyncIterator[Lab]:
    """A gateway in each folder, up; none of them may have met what nobody expected."""
    async with AsyncExitStack() as stack:
        engine = await stack.enter_async_context(FaultEngine())
        keys = {"admin": ADMIN, "paying": PAYING, "stranger": STRANGER}
        told = SETTINGS.format(database=database, engine=engine.url, **keys)
        gateways = [GatewayProcess(told, folder) for folder in folders]
        await asyncio.gather(*(stack.enter_async_context(gateway) for gateway in gateways))
        yield Lab(tuple(gateways), engine)
        for gateway in gateways:
            assert "Traceback" not in gateway.log, gateway.log
