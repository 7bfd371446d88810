"""The gateway that the console is tried on: two models, whose engine says what it is told, and two keys."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from msgspec import Struct

from antiphon.testing.fault_engine import FaultEngine
from antiphon.testing.gateway_process import GatewayProcess
from antiphon.testing.plan import Habits

MODEL = "lab/first"
OTHER_MODEL = "lab/second"
ADMIN_KEY = "sk-console-admin-97516c354b68848cdbd8f54a226a0a55b21e"
CLIENT_KEY = "sk-console-client-7516c354b68848cdbd8f54a226a0a55b21e"
SETTINGS = f"""
[auth]
sign_in = true
{{more}}
[[keys]]
name = "operator"
key = "{ADMIN_KEY}"
admin = true
[[keys]]
name = "client"
key = "{CLIENT_KEY}"
[[upstreams]]
name = "engine"
url = "{{engine}}"
kind = "llama.cpp"
[[upstreams.models]]
name = "{MODEL}"
upstream_name = "fault-model"
modalities = ["text", "image"]
tools = "native"
prices = {{{{ prompt = 1_000_000, completion = 2_000_000 }}}}
[[upstreams.models]]
name = "{OTHER_MODEL}"
upstream_name = "fault-model"
modalities = ["text"]
tools = "native"
"""


class Site(Struct, frozen=True):
    """A gateway with a console, and the engine behind it."""

    gateway: GatewayProcess
    engine: FaultEngine

    @property
    def url(self) -> str:
        """Its origin."""
        return self.gateway.url


@asynccontextmanager
async def site(folder: Path, *, more: str = "") -> AsyncIterator[Site]:
    """A site with further settings; it has to end without a traceback in its log."""
    async with (
        FaultEngine(Habits(follows_grammars=True)) as engine,
        GatewayProcess(SETTINGS.format(engine=engine.url, more=more), folder) as gateway,
    ):
        yield Site(gateway, engine)
        assert "Traceback" not in gateway.log, gateway.log
