"""Nodes in processes of their own: joined with one line, served over the broker, left without losing a request."""

from __future__ import annotations

import asyncio
import shutil
import signal
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest
import pytest_asyncio

from antiphon.testing.fault_engine import FaultEngine
from antiphon.testing.gateway_process import GatewayProcess
from antiphon.testing.node_process import NodeProcess
from antiphon.testing.plan import Habits
from tests.integration.nodes_lab import SETTINGS, SLOW, Lab, said, whole


@pytest_asyncio.fixture(loop_scope="function")
async def lab(tmp_path: Path) -> AsyncIterator[Lab]:
    """The gateway without any node."""
    async with (
        FaultEngine(Habits(model="other")) as other,
        FaultEngine(SLOW) as engine,
        GatewayProcess(SETTINGS.format(url=other.url), tmp_path) as gateway,
    ):
        yield Lab(gateway, engine, tmp_path)


async def test_a_machine_joins_with_one_line(lab: Lab) -> None:
    """It serves plain answers and streams, is drained while it streams, and leaves by SIGTERM: no request is lost."""
    node = await lab.node("attic")
    async with node:
        await lab.until("attic", presence="serving", slots=8, sealed=True)
        plain = await lab.ask()
        assert plain.status == 200
        assert plain.json()["usage"]["completion_tokens"] == SLOW.answer_tokens
        assert (await lab.change("attic", tags=["eu", "gpu"])).json()["tags"] == ["eu", "gpu"]
        assert [(await lab.ask(nodes=nodes)).status for nodes in ("tag:eu+gpu", "tag:us, tag:eu+us")] == [200, 503]
        running = await lab.streaming()
        assert (await lab.change("attic", state="drained")).status == 200
        refused = await lab.ask()
        assert (refused.status, "retry-after" in refused.headers) == (503, True)
        assert whole(await running)
        await lab.change("attic", state="active", name="loft")
        running = await lab.streaming()
        left = asyncio.create_task(node.stop())
        assert whole(await running)
        assert await left == 0
    await lab.until("loft", presence="gone")
    assert [told["event"] for told in node.events[-2:]] == ["stopping", "left"]
    assert "a node failed a check" not in lab.gateway.log  # its receipts are good


@pytest.mark.slow
async def test_a_gateway_that_begins_anew_knows_its_nodes(lab: Lab, tmp_path: Path) -> None:
    """Until a node is heard again its model is answered 503, never 404, and the gateway is not ready."""
    async with await lab.node("attic") as node:
        await lab.until("attic", presence="serving")
        with closing(sqlite3.connect(tmp_path / "data" / "antiphon.db")) as database:
            while not database.execute("SELECT 1 FROM nodes WHERE hello IS NOT NULL").fetchone():
                await lab.shown("attic")
        await lab.gateway.kill()
        node.signal(signal.SIGSTOP)
        await lab.gateway.start()
        refused, ready = await lab.ask(), await lab.gateway.ask("/readyz")
        assert (refused.status, refused.headers["retry-after"]) == (503, "2")
        assert (ready.status, ready.headers["retry-after"]) == (503, "1")
        assert [one["id"] for one in (await lab.shown("attic"))["models"]] == ["fault-model"]
        node.signal(signal.SIGCONT)
        await lab.until("attic", presence="serving", epoch=1)
        assert (await lab.gateway.ask("/readyz")).status == 200
        assert whole(await lab.ask(stream=True))


@pytest.mark.slow
async def test_the_newer_of_two_agents_is_the_node(lab: Lab, tmp_path: Path) -> None:
    """A copy of a node's folder takes its place, without a token; a ban sends it away, and it says so."""
    async with await lab.node("attic") as old:
        await lab.until("attic", epoch=1)
        shutil.copytree(tmp_path / "attic" / "data" / "node", tmp_path / "copy" / "data" / "node")
        async with NodeProcess(tmp_path / "copy", "--engine", f"openai+{lab.engine.url}", "--slots", "3") as new:
            await lab.until("attic", presence="serving", epoch=2, slots=3)
            assert whole(await lab.ask(stream=True))
            running = await lab.streaming()
            await new.kill()
            assert not whole(await running)  # the old one is there, and is not heard
            await lab.until("attic", presence="gone", epoch=2)
            assert (await lab.change("attic", state="banned")).status == 200
            assert await old.ended() == 1
            assert "The operator has banned this node." in old.log


@pytest.mark.slow
async def test_another_gateway_takes_the_broker_up(tmp_path: Path) -> None:
    """The gateway that runs the broker is killed in the middle of a stream of the other one, which is whole."""
    long = Habits(answer_tokens=100, token_delay_s=0.03)
    async with FaultEngine(Habits(model="other")) as other, FaultEngine(long) as engine:
        settings = SETTINGS.format(url=other.url)
        one, two = GatewayProcess(settings, tmp_path), GatewayProcess(settings, tmp_path)
        async with one, two:
            lab = Lab(two, engine, tmp_path)
            token = await Lab(one, engine, tmp_path).token(name="attic", url=two.url)
            words = ("--join", token, "--engine", f"openai+{engine.url}", "--slots", "8")
            async with NodeProcess(tmp_path / "attic", *words):
                await lab.until("attic", presence="serving")
                undisturbed = said(await lab.ask(stream=True))
                running = await lab.streaming()
                await one.kill()
                assert said(await running) == undisturbed
                assert said(await lab.ask(stream=True)) == undisturbed
