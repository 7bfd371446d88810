"""Networks of their own for a node and for its router, which translates addresses: nobody outside reaches the node.

Takes root, `ip` and `nft`; what uses it is skipped elsewhere.
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
from antiphon.testing.plan import Habits
from antiphon.testing.raw_client import RawResponse
from tests.integration.nodes_lab import CALM

TAKES_ROOT = [
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
AWAY_S_MAX = 15.0


def ip(*words: str) -> None:
    """One command of iproute2."""
    subprocess.run(["ip", *words], check=True, capture_output=True)


def inside(*words: str) -> tuple[str, ...]:
    """A command in the node's network."""
    return ("ip", "netns", "exec", BEHIND, *words)


@pytest.fixture(scope="module")
def networks() -> Iterator[None]:
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


def drop(hook: str, rule: str) -> None:
    """Have the router drop what a rule of nft matches, and nothing that comes the other way."""
    chain = f"chain cut {{\n type filter hook {hook} priority -5;\n {rule} counter drop\n }}"
    table = f"table ip one_way {{\n {chain}\n}}\n"
    subprocess.run(["ip", "netns", "exec", HOME, "nft", "-f", "-"], input=table.encode(), check=True)


def heal() -> int:
    """Let everything through again; how many packets were dropped."""
    words = ["ip", "netns", "exec", HOME, "nft"]
    told = subprocess.run([*words, "list", "table", "ip", "one_way"], check=True, capture_output=True, text=True).stdout
    subprocess.run([*words, "delete", "table", "ip", "one_way"], check=True)
    return int(told.split("packets ")[1].split()[0])


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
async def lab(tmp_path: Path, networks: None) -> AsyncIterator[Lab]:
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
