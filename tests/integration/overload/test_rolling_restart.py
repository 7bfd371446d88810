"""Gateways that end and begin while requests come: nobody notices, and the books are exact."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from msgspec import Struct

from antiphon.testing.fault_engine import FaultEngine
from antiphon.testing.gateway_process import GatewayProcess
from antiphon.testing.plan import Habits
from antiphon.testing.raw_client import RawClient, RawResponse
from tests.fixtures.databases.server import PostgresServer

from .balancer import Balancer
from .books import Books
from .lab import FLOOD, KEYS, chat_bytes, good, report

GATEWAYS = 2
TOKENS, TOKEN_S = 10, 0.03
THINK_S_MAX = 0.05
SETTINGS = """
[server]
drain_s = {drain_s}
{server}
[auth]
pepper = "0123456789abcdef0123456789abcdef"
[credits]
signup_grant = 0
{database}
[[keys]]
name = "flood"
key = "{key}"
account = "payer"
credit = "dev"
parallel_max = 1000
requests_per_minute = 1_000_000
[[upstreams]]
url = "{engine}"
kind = "vllm"
models = [{{ name = "m", upstream_name = "fault-model", prices = {{ prompt = 1_000_000, completion = 2_000_000 }} }}]
"""


def settings(engine: FaultEngine, *, url: str = "", drain_s: float = 10.0, server: str = "") -> str:
    """Of a gateway that charges."""
    database = f'[database]\nurl = "{url}"' if url else ""
    return SETTINGS.format(engine=engine.url, database=database, key=KEYS[FLOOD], drain_s=drain_s, server=server)


class Seen(Struct):
    """What clients saw."""

    good: int = 0
    told_to_close: int = 0
    failures: list[str] = []

    async def more(self, answers: int) -> None:
        """Return when so many more good ones have come."""
        wanted = self.good + answers
        async with asyncio.timeout(10):
            while self.good < wanted:  # noqa: ASYNC110 - they come by the dozen
                await asyncio.sleep(0.01)

    def note(self, answer: RawResponse, *, stream: bool) -> None:
        """Count an answer."""
        if good(answer, stream=stream):
            self.good += 1
        else:
            self.failures.append(f"{answer.status} {answer.ending} {answer.body[-200:]!r}")


async def streaming(url: str, seen: Seen, until: asyncio.Event) -> None:
    """One stream after the other, each on a connection of its own."""
    while not until.is_set():
        async with await RawClient.connect(url) as client:
            await client.send(chat_bytes(FLOOD, tokens=TOKENS, token_s=TOKEN_S))
            seen.note(await client.response(timeout_s=30), stream=True)


async def keeping(url: str, seen: Seen, until: asyncio.Event, chance: random.Random) -> None:
    """Plain requests on a connection that is kept, until it is told that an answer was the last."""
    while not until.is_set():
        async with await RawClient.connect(url) as client:
            while not until.is_set():
                await client.send(chat_bytes(FLOOD, stream=False, tokens=2, token_s=0.0))
                answer = await client.response(timeout_s=30)
                seen.note(answer, stream=False)
                if answer.ending != "whole" or answer.headers.get("connection") == "close":
                    seen.told_to_close += answer.ending == "whole"
                    break
                with contextlib.suppress(TimeoutError):
                    await client.closed(timeout_s=chance.uniform(0, THINK_S_MAX))
                    break


@contextlib.asynccontextmanager
async def clients(url: str, streams: int, kept: int) -> AsyncIterator[Seen]:
    """Clients that come for as long as the block lasts, then finish what they have begun."""
    seen, until, chance = Seen(failures=[]), asyncio.Event(), random.Random(7)
    tasks = [asyncio.create_task(streaming(url, seen, until)) for _ in range(streams)]
    tasks += [asyncio.create_task(keeping(url, seen, until, chance)) for _ in range(kept)]
    try:
        yield seen
    finally:
        until.set()
        await asyncio.gather(*tasks)


async def rolled(database: str, folder: Path, *, restarts: int, streams: int, kept: int) -> Seen:
    """What clients see while gateways behind a balancer are ended and begun anew, in turn."""
    async with FaultEngine(Habits(context_tokens=10_000_000)) as engine, Balancer() as balancer:
        folders = [folder / str(number) for number in range(GATEWAYS)]
        for each in folders:
            each.mkdir()
        fleet = [GatewayProcess(settings(engine, url=database), each) for each in folders]
        await fleet[0].start()  # which brings the database up to date
        books = Books(database, folders[0] / "antiphon.toml")
        await books.fund("payer")
        await asyncio.gather(*(gateway.start() for gateway in fleet[1:]))
        balancer.urls = [gateway.url for gateway in fleet]
        async with clients(balancer.url, streams, kept) as seen:
            for number in range(restarts):
                gateway = fleet[number % GATEWAYS]
                await asyncio.sleep(0.2)
                assert await gateway.stop() == 0
                await gateway.start()
                balancer.urls[number % GATEWAYS] = gateway.url
        for gateway in fleet:
            assert await gateway.stop() == 0
            assert "Traceback" not in gateway.log, gateway.log
        assert await books.held() == 0
        assert await books.require_sound() == seen.good
        await books.close()
        return seen


@pytest.mark.slow
async def test_twenty_restarts_are_not_noticed(postgres: PostgresServer, tmp_path: Path) -> None:
    """Nor are as many as this, under a hundred streams and fifty kept connections."""
    begun_at = time.monotonic()
    seen = await rolled(postgres.new_url(), tmp_path, restarts=20, streams=100, kept=50)
    figures = {"failed": len(seen.failures), "good": seen.good, "told_to_close": seen.told_to_close}
    report("G18", figures | {"took_s": round(time.monotonic() - begun_at)}, {"failed": 0}, {"restarts": 20})
    assert seen.failures == []


async def test_a_new_gateway_takes_the_port_over(tmp_path: Path) -> None:
    """With `server.reuse_port` it listens before the old one ends: nobody notices, also without a balancer."""
    async with FaultEngine(Habits(context_tokens=10_000_000)) as engine:
        url = f"sqlite:///{tmp_path / 'books.db'}"
        told = settings(engine, url=url, server="reuse_port = true")
        old = GatewayProcess(told, tmp_path)
        await old.start()
        books = Books(url, tmp_path / "antiphon.toml")
        await books.fund("payer")
        port = int(old.url.rpartition(":")[2])
        second = tmp_path / "second"
        second.mkdir()
        new = GatewayProcess(told, second, port=port)
        async with clients(old.url, streams=8, kept=8) as seen:
            await new.start()
            assert await old.stop() == 0
            await seen.more(20)
        assert await new.stop() == 0
        assert seen.failures == []
        assert await books.held() == 0
        await books.require_sound()
        await books.close()


async def test_the_end_of_a_drain_is_told(tmp_path: Path) -> None:
    """What is not finished in time ends with an error, in a stream and in a plain answer, and the process with 0."""
    async with FaultEngine(Habits(context_tokens=10_000_000)) as engine:
        gateway = GatewayProcess(settings(engine, drain_s=0.3), tmp_path)
        await gateway.start()
        books = Books(f"sqlite:///{tmp_path / 'data' / 'antiphon.db'}", tmp_path / "antiphon.toml")
        await books.fund("payer")
        sent = {stream: await RawClient.connect(gateway.url) for stream in (True, False)}
        for stream, client in sent.items():
            await client.send(chat_bytes(FLOOD, stream=stream, tokens=500, token_s=0.1))
        await sent[True].until(b"data: ")
        await engine.request(1)
        stopping = asyncio.create_task(gateway.stop())
        streamed, plain = [await sent[stream].response(timeout_s=10) for stream in (True, False)]
        assert (streamed.status, streamed.ending) == (200, "whole")
        last = json.loads(streamed.events()[-1])
        assert last["error"]["message"] == "The gateway ends."
        assert (plain.status, plain.json()["error"]["message"]) == (503, "The gateway ends.")
        assert 1 <= int(plain.headers["retry-after"]) <= 60
        for client in sent.values():
            client.close()
        assert await stopping == 0
        assert await books.held() == 0
        assert await books.require_sound() == 2
        await books.close()
        assert "Traceback" not in gateway.log
