"""Gateways that are killed while people write and follow: what was acknowledged is read once and in order by all."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest

from antiphon.testing.fault_engine import FaultEngine
from antiphon.testing.gateway_process import GatewayProcess
from antiphon.testing.raw_client import RawClient, request_bytes

from .crowd import KEY, LAST, SETTINGS, Crowd

DRAIN_S = 30.0  # for which a gateway waits for answers that are not finished


@pytest.fixture
def database_kind() -> str:
    """A server, which all gateways can reach."""
    return "postgres"


@asynccontextmanager
async def gateways(database_url: str, folder: Path, count: int) -> AsyncIterator[list[GatewayProcess]]:
    """So many, over one database."""
    async with FaultEngine() as engine, AsyncExitStack() as stack:
        settings = SETTINGS.format(database=database_url, engine=engine.url, key=KEY)
        made = []
        for number in range(count):
            (place := folder / str(number)).mkdir()
            made.append(GatewayProcess(settings, place))
        await made[0].start()  # which makes the tables
        stack.push_async_callback(made[0].stop)
        for gateway in made[1:]:
            stack.push_async_callback(gateway.stop)
        await asyncio.gather(*(gateway.start() for gateway in made[1:]))
        yield made
        for gateway in made:
            assert "Traceback" not in gateway.log, gateway.log


async def kill_in_turns(made: list[GatewayProcess], crowd: Crowd, *, total: int, kills: int) -> None:
    """Kill a gateway each time that a further part of all is written; all but the last kill are followed by a start."""
    for number in range(kills):
        gateway = made[number % len(made)]
        await crowd.wait_for((number + 1) * total // (kills + 1))
        await gateway.kill()
        if number < kills - 1:
            await gateway.start()


async def prove(made: list[GatewayProcess], *, writers: int, followers: int, each: int, kills: int = 1) -> Crowd:
    """Kill gateways while people write and follow; see that no follower misses or repeats anything."""
    crowd, total = Crowd(made), writers * each
    async with asyncio.TaskGroup() as group:
        following = [group.create_task(crowd.follow(name)) for name in range(followers)]
        writing = [group.create_task(crowd.write(name, each)) for name in range(writers)]
        await kill_in_turns(made, crowd, total=total, kills=kills)
        await asyncio.wait(writing)
        await crowd.post(LAST, first=1)
    first, *others = [task.result() for task in following]
    ids = [message.id for message in first]
    assert ids == sorted(set(ids))
    assert sorted(crowd.acknowledged, key=lambda message: message.id) == first
    assert len({message.content for message in first}) == len(first) == total + 1
    assert all(other == first for other in others)
    return crowd


def told(crowd: Crowd) -> str:
    """What a proof prints."""
    doubtful = f"{crowd.elsewhere} sent to a second gateway, {crowd.replayed} kept before that"
    return f"\n{len(crowd.acknowledged)} messages, {doubtful}; each follower saw each once, in order"


async def test_one_of_two_is_killed(database_url: str, tmp_path: Path) -> None:
    """Each message is there once, also where its writer could not tell and posted it again."""
    async with gateways(database_url, tmp_path, 2) as made:
        crowd = await prove(made, writers=4, followers=4, each=8)
        replayed = crowd.replayed
        await crowd.post(LAST, first=1)
        assert (crowd.replayed, crowd.acknowledged[-1]) == (replayed + 1, crowd.acknowledged[-2])


@pytest.mark.slow
async def test_one_of_three_is_killed(database_url: str, tmp_path: Path) -> None:
    """The same with 20 writers, 20 followers and 3 gateways."""
    async with gateways(database_url, tmp_path, 3) as made:
        print(told(await prove(made, writers=20, followers=20, each=100)))


@pytest.mark.slow
async def test_three_are_killed_in_turns(database_url: str, tmp_path: Path) -> None:
    """Nine times, each begun anew, while more is written."""
    async with gateways(database_url, tmp_path, 3) as made:
        print(told(await prove(made, writers=20, followers=20, each=250, kills=9)))


@pytest.mark.slow
async def test_a_gateway_that_ends_lets_followers_go(database_url: str, tmp_path: Path) -> None:
    """Their streams end whole, and nobody waits for them to leave."""
    async with gateways(database_url, tmp_path, 1) as (gateway,), await RawClient.connect(gateway.url) as client:
        headers = {"authorization": f"Bearer {KEY}"}
        await client.send(request_bytes("/v1/channel?channel=general&follow=true", method="GET", headers=headers))
        await client.until(b"retry")
        begun = time.monotonic()
        assert await gateway.stop() == 0
        assert (await client.response()).ending == "whole"
        assert time.monotonic() - begun < DRAIN_S
