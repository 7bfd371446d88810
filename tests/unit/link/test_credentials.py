"""Credentials: keys are kept, secret and the same; each kind of user may do its own work only."""

from __future__ import annotations

import asyncio
import stat
from pathlib import Path

import pytest

from antiphon.clock import ManualClock
from antiphon.errors import BadRequest, ConfigError
from antiphon.link import claims, frames
from antiphon.link.credentials import NODE_TOKEN_S, Authority, BrokerKeys, Credentials, new_seed

from .lab import CLOCK, KEYS, Lab, node_credentials
from .strangers import stranger


def test_keys_are_made_once(tmp_path: Path) -> None:
    """The second start finds those of the first; nobody else can read them."""
    path = tmp_path / "broker" / "keys.json"
    keys = BrokerKeys.kept_in(path)
    assert BrokerKeys.kept_in(path) == keys
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert len({keys.operator, keys.system, keys.account}) == 3


def test_keys_that_cannot_be_read_stop_the_start(tmp_path: Path) -> None:
    """New ones would shut out all nodes."""
    path = tmp_path / "keys.json"
    path.write_text("{}")
    with pytest.raises(ConfigError, match=r"keys\.json cannot be read"):
        BrokerKeys.kept_in(path)


def test_a_nodes_claims_end_after_a_day() -> None:
    """Until then they are to be renewed; a name that could be a pattern gets none."""
    clock = ManualClock()
    authority = Authority(KEYS, clock)
    key = claims.public_key(new_seed())
    assert claims.expires_at(authority.node_token("n1", key)) == int(clock.now()) + NODE_TOKEN_S
    with pytest.raises(BadRequest):
        authority.node_token("*", key)


async def test_a_node_can_do_its_own_work_only(linked: Lab) -> None:
    """It tries the subjects of others, forged heartbeats and the server's own: all are refused, and it stays in."""
    link, victim = await linked.gateway(), await linked.node("n2")
    told: list[bytes] = []
    async with stranger(linked.url, node_credentials("n1")) as node:
        for subject in ("req.n2.>", "req.>", "req.*.gw1.>", "out.n1.>", "out.>", "hb.*", ">", "$SYS.>", "_INBOX.>"):
            await node.listen(subject, lambda subject, _: told.append(subject))
        link.send(b"req.n2.gw1.att_1", frames.encode(frames.Cancel()))
        for subject in ("req.n1.gw1.a", "req.n2.gw1.a", "out.n2.gw1.a", "hb.n2", "$SYS.REQ.CLAIMS.UPDATE", "x"):
            await node.publish(subject, frames.encode(frames.Goodbye(9)))
        await node.publish("hb.n1", frames.encode(frames.Goodbye(9)))
        await node.flush(5)
        await asyncio.wait_for(linked.heard.wait(), 5)
        assert linked.beats == [("n1", frames.Goodbye(9))]
        await node.refused(9 + 6)
        assert told == []
        assert len(node.refusals) == 9 + 6
        assert node.is_connected
    assert victim.connection.connected


async def test_a_node_cannot_send_large_messages(linked: Lab) -> None:
    """What no node of ours sends does not reach a gateway: the broker ends the connection that tries."""
    link, node = await linked.gateway(), await linked.node()
    lost = asyncio.Event()
    node.connection.watch(lambda up: None if up else lost.set())
    node.connection.send(b"out.n1.gw1.a", bytes(1_200_000))
    await asyncio.wait_for(lost.wait(), 5)
    assert link.connection.connected


async def test_a_gateway_reads_its_own_answers_only(linked: Lab) -> None:
    """It cannot be made to read another's jobs or answers, nor answer as a node."""
    authority = Authority(KEYS, CLOCK)
    async with stranger(linked.url, authority.gateway_credentials("gw2")) as gateway:
        for subject in ("req.>", "out.>", "out.*.gw1.>"):
            await gateway.listen(subject, lambda *_: None)
        await gateway.publish("out.n1.gw1.a", b"")
        await gateway.publish("hb.n1", b"")
        await gateway.flush(5)
        await gateway.refused(5)
        assert len(gateway.refusals) == 5


async def test_made_up_credentials_are_refused(linked: Lab) -> None:
    """Claims of another broker's keys, another's claims without its seed, and claims that have ended."""
    good = node_credentials("n1")
    other = Authority(BrokerKeys.make(), CLOCK)
    seed = new_seed()
    key = claims.public_key(seed)
    for credentials in (
        Credentials(other.node_token("n1", key), seed),
        Credentials(good.token, seed),
        Credentials(Authority(KEYS, CLOCK).node_token("n1", key, seconds=-60), seed),
    ):
        connection = await linked.connect(credentials, "stranger")
        connection.start()
        assert not await connection.wait_connected(0.2)
        await connection.close()


async def test_who_is_refused_again_and_again_can_stop(linked: Lab) -> None:
    """Whatever it is about then: connecting, being refused, or waiting for the next try."""
    seed = new_seed()
    token = Authority(BrokerKeys.make(), CLOCK).node_token("n1", claims.public_key(seed))
    for turns in range(0, 120, 4):
        connection = await linked.connect(Credentials(token, seed), "stranger")
        connection.start()
        for _ in range(turns):
            await asyncio.sleep(0)
        async with asyncio.timeout(30):
            await connection.close()


@pytest.mark.slow
async def test_claims_that_end_end_the_connection(linked: Lab) -> None:
    """A connection that was let in does not outlive them."""
    seed = new_seed()
    token = Authority(KEYS, CLOCK).node_token("n1", claims.public_key(seed), seconds=1.2)
    async with stranger(linked.url, Credentials(token, seed)) as node:
        await asyncio.wait_for(node.ended.wait(), 5)
