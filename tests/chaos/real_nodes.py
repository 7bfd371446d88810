"""Real engines behind proxies, below one gateway: killed at a chosen event of a stream, or as time goes by."""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

from antiphon.testing.gateway_process import GatewayProcess
from tests.chaos.clients import Load
from tests.chaos.lab import CALM, KEY
from tests.chaos.processes import Node, started
from tests.chaos.proxy import Passed, Proxy

MODEL = "small"
SERVED = "smollm2:135m"
UP_S_MAX = 30.0
VLLM_READY_S = 330.0
SCRIPTS = Path(__file__).resolve().parents[2] / "scripts" / "vllm"
SETTINGS = f"""{CALM}
[[keys]]
name = "chaos"
key = "{KEY}"
"""
# Each node is also a model of its own, so that a test can choose it.
UPSTREAM = """
[[upstreams]]
name = "{name}"
url = "{url}"
kind = "{kind}"
slots = {slots}
[[upstreams.models]]
name = "{model}"
upstream_name = "{served}"
tools = "emulated"
[[upstreams.models]]
name = "{name}"
upstream_name = "{served}"
"""


class Cutter:
    """Breaks the connection or the node of the next answer, once so many events of it have passed."""

    def __init__(self) -> None:
        self._events: int | None = None
        self._node: str | None = None
        self._strike: Callable[[Passed], None] = lambda _: None
        self.struck: Passed | None = None

    def arm(self, events: int, strike: Callable[[Passed], None], *, node: str | None = None) -> None:
        """Strike once, at that event of the first answer that gets there, on that node or any."""
        self._events, self._strike, self._node, self.struck = events, strike, node, None

    def disarm(self) -> None:
        """Let answers pass."""
        self._events = None

    def see(self, passed: Passed) -> None:
        """More of an answer has passed."""
        here = self._node is None or self._node == passed.node
        if here and self._events is not None and passed.events >= self._events:
            self._events, self.struck = None, passed
            self._strike(passed)


class RealNodes:
    """The gateway, its nodes by name, and what passed between them."""

    def __init__(
        self, gateway: GatewayProcess, nodes: dict[str, Node], proxies: dict[str, Proxy], cutter: Cutter
    ) -> None:
        self.gateway = gateway
        self.nodes = nodes
        self.proxies = proxies
        self.cutter = cutter
        self.load = Load(gateway.url, KEY)

    @property
    def kills(self) -> int:
        """How often a node was killed."""
        return sum(node.kills for node in self.nodes.values())

    def forget(self) -> None:
        """Begin the record of what passed anew."""
        for proxy in self.proxies.values():
            proxy.passed.clear()

    def passed(self) -> list[Passed]:
        """All that passed, in order."""
        together = [each for proxy in self.proxies.values() for each in proxy.passed]
        return sorted(together, key=lambda each: each.begun_at)

    async def all_up(self) -> None:
        """Return once the gateway counts every node."""
        async with asyncio.timeout(UP_S_MAX):
            while True:
                told = (await self.gateway.ask("/health")).json()["models"]
                if next((int(model["nodes"]) for model in told if model["id"] == MODEL), 0) == len(self.proxies):
                    return
                await asyncio.sleep(0.1)


def llama(name: str, folder: Path, *, slots: int) -> Node:
    """A llama.cpp server with the small model."""
    return Node(name, lambda port: (sys.executable, "-m", "tests.chaos.llama_child", str(port), str(slots)), folder)


def vllm(name: str, folder: Path) -> Node:
    """The real vLLM, whose name must begin with `vllm`; what is not installed yet is installed first."""
    subprocess.run([sys.executable, str(SCRIPTS / "install.py")], check=True)
    serve = (sys.executable, str(SCRIPTS / "serve.py"), "--until-stdin-ends", "--port")
    return Node(name, lambda port: (*serve, str(port)), folder, ready_s=VLLM_READY_S)


@contextlib.asynccontextmanager
async def real_nodes(folder: Path, *nodes: Node, slots: int) -> AsyncIterator[RealNodes]:
    """A gateway over these nodes, each behind a proxy, and given so many requests at once."""
    cutter = Cutter()
    async with contextlib.AsyncExitStack() as stack:
        await stack.enter_async_context(started(*nodes))
        proxies = {}
        for node in nodes:
            proxy = Proxy(node, on_event=cutter.see)
            proxies[node.name] = await stack.enter_async_context(proxy)
        settings = "".join(
            UPSTREAM.format(name=name, url=proxy.url, kind=_kind(name), slots=slots, model=MODEL, served=SERVED)
            for name, proxy in proxies.items()
        )
        gateway = await stack.enter_async_context(GatewayProcess(SETTINGS + settings, folder))
        lab = RealNodes(gateway, {node.name: node for node in nodes}, proxies, cutter)
        await lab.all_up()
        yield lab
        assert gateway.alive
        assert "Traceback" not in gateway.log


def _kind(name: str) -> str:
    return "vllm" if name.startswith("vllm") else "llama.cpp"
