"""A connection: it comes back by itself, keeps nothing for later, and finds a broker that is silent."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

import pytest

from antiphon.link.broker import BrokerLimits

from .lab import Lab, broker_in, lab, node_credentials

PATIENT = BrokerLimits(hang_limit_s=30.0)  # the broker's own watch is not to help


@pytest.mark.slow
async def test_a_frozen_broker_is_found(tmp_path: Path) -> None:
    """Within four seconds, by pings that are not answered; when it wakes, the connection is there again."""
    broker = broker_in(tmp_path, limits=PATIENT)
    await broker.start()
    async with lab(broker.url) as ends:
        connection = await ends.connect(node_credentials("n1"), "n1")
        changes: asyncio.Queue[bool] = asyncio.Queue()
        connection.watch(changes.put_nowait)
        connection.start()
        assert await changes.get()
        assert broker.pid is not None
        os.kill(broker.pid, signal.SIGSTOP)
        try:
            began = asyncio.get_running_loop().time()
            assert not await asyncio.wait_for(changes.get(), 10)
            assert asyncio.get_running_loop().time() - began < 4
            assert not connection.connected
            assert not connection.send(b"out.n1.gw1.a", b"")
            assert not await connection.flushed(1)
            await connection.drained()
        finally:
            os.kill(broker.pid, signal.SIGCONT)
        assert await asyncio.wait_for(changes.get(), 10)
        assert connection.lost_for_s == 0
    await broker.stop()


async def test_nothing_is_sent_late(tmp_path: Path) -> None:
    """What was to be sent without a broker never arrives, nor what the broker did not take in time."""
    broker = broker_in(tmp_path)
    await broker.start()
    async with lab(broker.url) as ends:
        link, node = await ends.gateway(), await ends.node()
        await broker.stop()
        assert not link.send(b"hb.n1", b"")
        node.connection.send(b"hb.n1", b"\x82\xa4type\xa7goodbye\xa5epoch\x01")
        again = broker_in(tmp_path)
        await again.start()
        assert await link.connection.wait_connected(5)
        assert await node.connection.wait_connected(5)
        node.connection.send(b"hb.n1", b"\x82\xa4type\xa7goodbye\xa5epoch\x02")
        await asyncio.wait_for(ends.heard.wait(), 5)
        assert [beat.epoch for _, beat in ends.beats] == [2]
        await again.stop()


async def test_what_is_sent_in_one_turn_leaves_together(linked: Lab) -> None:
    """In its order, over one write."""
    link, node = await linked.gateway(), await linked.node()
    for epoch in range(100):
        node.connection.send(b"hb.n1", b"\x82\xa4type\xa7goodbye\xa5epoch" + bytes([epoch]))
    assert await node.connection.flushed(5)
    while len(linked.beats) < 100:
        linked.heard.clear()
        await asyncio.wait_for(linked.heard.wait(), 5)
    assert [beat.epoch for _, beat in linked.beats] == list(range(100))
    assert link.connection.connected


async def test_the_last_words_leave(linked: Lab) -> None:
    """What was sent just before the end arrives."""
    await linked.gateway()
    node = await linked.node()
    node.connection.send(b"hb.n1", b"\x82\xa4type\xa7goodbye\xa5epoch\x01")
    await node.connection.close()
    await asyncio.wait_for(linked.heard.wait(), 5)
    assert not node.connection.send(b"hb.n1", b"")


async def test_a_broker_that_is_not_there() -> None:
    """It is waited for, and why is known."""
    async with lab("nats://127.0.0.1:1") as ends:
        connection = await ends.connect(node_credentials("n1"), "n1")
        connection.start()
        assert not await connection.wait_connected(0.2)
        assert connection.last_error
        assert connection.lost_for_s >= 0.2
        await connection.close()
        await connection.close()
