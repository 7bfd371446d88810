"""A node in a network of its own, behind a router that translates addresses: nobody outside can reach it.

Takes root, `ip` and `nft`; skipped elsewhere.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from antiphon.testing.fault_engine import FaultEngine
from antiphon.testing.gateway_process import GatewayProcess
from antiphon.testing.node_process import NodeProcess
from antiphon.testing.plan import Habits
from antiphon.testing.raw_client import RawResponse
from tests.integration.nodes_lab import CALM

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        os.geteuid() != 0 or not shutil.which("ip") or not shutil.which("nft"), reason="takes root, ip and nft"
    ),
]
ADMIN = "sk-nodes-2a97516c354b68848cdbd8f54a226a0a"
OUTSIDE, ROUTER, INSIDE, NODE = "203.0.113.1", "203.0.113.2", "10.99.0.1", "10.99.0.2"
HOME, BEHIND = "antiphon-router", "antiphon-node"
NAT = f"""
table ip nat {{
  chain post {{
    type nat hook postrouting priority srcnat;
    ip saddr {NODE} masquerade
  }}
}}
table ip guard {{
  chain forward {{
    type filter hook forward priority filter; policy drop;
    ip saddr {NODE} accept
    ct state established,related accept
  }}
}}
"""
SETTINGS = f"""{CALM}
[server]
host = "0.0.0.0"
public_without_tls = true
[nodes]
listen = "0.0.0.0:0"
[[keys]]
name = "admin"
key = "{ADMIN}"
admin = true
[[upstreams]]
url = "{{url}}"
kind = "openai"
models = [{{{{ name = "other" }}}}]
"""
ENGINE_PORT = 18_080
TOKENS, DELAY_S = 100, 0.04  # a stream of four seconds
CUT_S = 1.5  # shorter than what is taken for a node that is gone
AWAY_S_MAX = 15.0


def ip(*words: str) -> None:
    """One command of iproute2."""
    subprocess.run(["ip", *words], check=True, capture_output=True)


def inside(*words: str) -> tuple[str, ...]:
    """A command in the node's network."""
    return ("ip", "netns", "exec", BEHIND, *words)


@pytest.fixture(scope="module")
def _networks() -> Iterator[None]:
    """The node's network and its router's, which alone has a way to ours."""
    for name in (HOME, BEHIND):
        subprocess.run(["ip", "netns", "del", name], check=False, capture_output=True)
        ip("netns", "add", name)
        ip("-n", name, "link", "set", "lo", "up")
    ip("link", "add", "antiphon-out", "type", "veth", "peer", "name", "out", "netns", HOME)
    ip("addr", "add", f"{OUTSIDE}/24", "dev", "antiphon-out")
    ip("link", "set", "antiphon-out", "up")
    ip("-n", HOME, "link", "add", "in", "type", "veth", "peer", "name", "home", "netns", BEHIND)
    for name, link, address in ((HOME, "out", ROUTER), (HOME, "in", INSIDE), (BEHIND, "home", NODE)):
        ip("-n", name, "addr", "add", f"{address}/24", "dev", link)
        ip("-n", name, "link", "set", link, "up")
    ip("-n", BEHIND, "route", "add", "default", "via", INSIDE)
    ip("route", "add", f"{NODE}/32", "via", ROUTER)  # whoever knows the way still does not get in
    subprocess.run(["ip", "netns", "exec", HOME, "sysctl", "-qw", "net.ipv4.ip_forward=1"], check=True)
    subprocess.run(["ip", "netns", "exec", HOME, "nft", "-f", "-"], input=NAT.encode(), check=True)
    yield
    subprocess.run(["ip", "route", "del", f"{NODE}/32"], check=False, capture_output=True)
    subprocess.run(["ip", "link", "del", "antiphon-out"], check=False, capture_output=True)
    for name in (HOME, BEHIND):
        subprocess.run(["ip", "netns", "del", name], check=False, capture_output=True)


def link(state: str) -> None:
    """Cut the node's network off, or connect it again."""
    ip("-n", HOME, "link", "set", "out", state)


def reachable() -> bool:
    """Whether anything of the node's network can be reached from ours."""
    with socket.socket() as ours:
        ours.settimeout(1)
        return ours.connect_ex((NODE, ENGINE_PORT)) == 0


def listening() -> str:
    """The TCP ports that are open in the node's network, a line each."""
    return subprocess.run(inside("ss", "-Hltn"), capture_output=True, check=True, text=True).stdout


class Lab:
    """A gateway outside."""

    def __init__(self, gateway: GatewayProcess) -> None:
        self.gateway = gateway

    async def token(self) -> str:
        """A token that names the gateway as the node reaches it."""
        port = self.gateway.url.rsplit(":", 1)[1]
        asked = {"name": "attic", "url": f"http://{OUTSIDE}:{port}"}
        return str((await self.gateway.ask("/v1/nodes/invites", asked, key=ADMIN)).json()["token"])

    async def presence(self, *wanted: str) -> int:
        """The node's lease, once its presence is one of these."""
        async with asyncio.timeout(AWAY_S_MAX):
            while True:
                shown = (await self.gateway.ask("/v1/nodes/attic", key=ADMIN)).json()
                if shown["presence"] in wanted:
                    return int(shown["epoch"])
                await asyncio.sleep(0.1)

    async def ask(self, model: str = "fault-model") -> RawResponse:
        """A whole stream."""
        body = {"model": model, "messages": [{"role": "user", "content": "Hi"}], "stream": True, "temperature": 0}
        return await self.gateway.ask("/v1/chat/completions", body, key=ADMIN, timeout_s=25)


def text(response: RawResponse) -> str:
    """What a stream said; an error in it fails the test."""
    *events, last = response.events()
    assert (response.status, last) == (200, "[DONE]"), response.body[-500:]
    deltas = [json.loads(event)["choices"] for event in events]
    return "".join(choices[0]["delta"].get("content") or "" for choices in deltas if choices)


@pytest_asyncio.fixture(loop_scope="function")
async def lab(tmp_path: Path, _networks: None) -> AsyncIterator[Lab]:
    """The gateway, which nodes of other networks can reach."""
    link("up")
    async with (
        FaultEngine(Habits(model="other")) as other,
        GatewayProcess(SETTINGS.format(url=other.url), tmp_path) as gateway,
    ):
        yield Lab(gateway)


@pytest.fixture
def engine() -> Iterator[str]:
    """An engine in the node's network."""
    words = ("-m", "antiphon.testing.fault_engine", "--port", str(ENGINE_PORT))
    slow = ("--answer-tokens", str(TOKENS), "--token-delay-s", str(DELAY_S))
    process = subprocess.Popen(inside(sys.executable, *words, *slow), stdout=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.readline()
    yield f"openai+http://127.0.0.1:{ENGINE_PORT}"
    process.terminate()
    process.wait()
    process.stdout.close()


async def test_a_node_behind_nat(lab: Lab, engine: str, tmp_path: Path) -> None:
    """It joins with one line, serves, is cut off for a moment and for long, and comes back by itself."""
    words = ("--join", await lab.token(), "--engine", engine, "--slots", "8")
    async with NodeProcess(tmp_path / "node", *words, before=inside()) as node:
        assert await lab.presence("serving") == 1
        assert not reachable()
        undisturbed = text(await lab.ask())
        running = asyncio.create_task(lab.ask())
        await asyncio.sleep(1)
        link("down")
        await asyncio.sleep(CUT_S)
        link("up")
        assert text(await running) == undisturbed  # no gap, no repeat
        running = asyncio.create_task(lab.ask())
        await asyncio.sleep(1)
        link("down")
        await lab.presence("gone")
        refused = await lab.ask()
        assert (refused.status, "retry-after" in refused.headers) == (503, True)
        link("up")
        assert await lab.presence("serving") == 1  # the same lease
        assert text(await running) == undisturbed  # it waited for a node to go on at
        assert text(await lab.ask()) == undisturbed
        assert node.alive


async def test_the_embedded_model_behind_nat(lab: Lab, tmp_path: Path) -> None:
    """One line is all: the small model is found, fits, is measured and answers; no port is open for it."""
    async with NodeProcess(tmp_path / "node", "--join", await lab.token(), before=inside()) as node:
        await lab.presence("serving")
        speed = await node.wait_for("speed")
        assert speed["prefill"] > 0
        assert speed["decode"] > 0
        assert listening() == ""
        assert text(await lab.ask("smollm2:135m"))
        assert await node.stop() == 0
