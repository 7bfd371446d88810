"""Two gateways with one database and one NATS server of the operator's own."""

from __future__ import annotations

import contextlib
import socket
from pathlib import Path

import pytest

from antiphon.testing.fault_engine import FaultEngine
from antiphon.testing.gateway_process import GatewayProcess
from antiphon.testing.plan import Habits
from tests.fixtures.machine import Stopwatch
from tests.integration.nodes_lab import ADMIN, CALM, SLOW, Lab, nats_server, whole

DECIDED_S_MAX = 5.0  # from an operator's word at one gateway until all of them keep to it
CLUSTER = f"""{CALM}
[auth]
pepper = "0123456789abcdef0123456789abcdef"
[database]
url = "sqlite:///{{database}}"
[nodes]
nats = ["nats://127.0.0.1:{{port}}"]
[[keys]]
name = "admin"
key = "{ADMIN}"
admin = true
[[upstreams]]
url = "{{url}}"
kind = "openai"
models = [{{{{ name = "other" }}}}]
"""


@pytest.mark.slow
async def test_two_gateways_over_one_nats_server(tmp_path: Path) -> None:
    """A node that one of them invited serves both; drained at one, it is drained at the other, and banned at both."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    async with contextlib.AsyncExitStack() as stack:
        other = await stack.enter_async_context(FaultEngine(Habits(model="other")))
        engine = await stack.enter_async_context(FaultEngine(SLOW))
        settings = CLUSTER.format(database=tmp_path / "shared.db", port=port, url=other.url)
        file = tmp_path / "antiphon.toml"
        file.write_text(f'data_dir = "{tmp_path / "cli"}"\n{settings}')
        await stack.enter_async_context(nats_server(file, tmp_path, f"127.0.0.1:{port}"))
        labs = []
        for name in ("one", "two"):
            (tmp_path / name).mkdir()
            gateway = await stack.enter_async_context(GatewayProcess(settings, tmp_path / name))
            labs.append(Lab(gateway, engine, tmp_path))
        one, two = labs
        node = await one.node("attic")
        await stack.enter_async_context(node)
        for lab in labs:
            await lab.until("attic", presence="serving")
            assert whole(await lab.ask(stream=True))
        watch = Stopwatch(*(lab.gateway.pid for lab in labs))
        assert (await one.change("attic", state="drained")).status == 200
        while (await two.ask()).status == 200:
            pass
        assert watch.fair_s < DECIDED_S_MAX
        assert (await two.change("attic", state="active")).status == 200
        await one.until("attic", state="active")
        while (await one.ask()).status != 200:
            pass
        watch = Stopwatch(*(lab.gateway.pid for lab in labs))
        assert (await two.change("attic", state="banned")).status == 200
        assert await node.ended() == 1
        assert (await one.ask()).status == 404
        assert watch.fair_s < 2 * DECIDED_S_MAX  # it asked the gateway why, before it ended
