"""A broker of our own: it comes back on its port, ends with its parent, and sends away who is revoked."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from antiphon.errors import ConfigError
from antiphon.link import claims
from antiphon.link.broker import Broker, BrokerLimits, find_program, kept_port
from antiphon.link.broker_config import Cluster
from antiphon.link.credentials import Authority, Credentials

from .lab import CLOCK, JOB, KEYS, broker_in, lab, node_credentials
from .strangers import stranger

QUICK = BrokerLimits(probe_interval_s=0.05, probe_timeout_s=0.2, hang_limit_s=0.3, stop_grace_s=0.5)


@pytest_asyncio.fixture
async def broker(tmp_path: Path) -> AsyncIterator[Broker]:
    """One that notices soon when it hangs."""
    broker = broker_in(tmp_path, limits=QUICK)
    await broker.start()
    yield broker
    await broker.stop()


async def until_back(broker: Broker, restarts: int) -> None:
    """Wait for the next server."""
    async with asyncio.timeout(10):
        while broker.restarts < restarts:  # noqa: ASYNC110 - a server's end has no event here
            await asyncio.sleep(0.01)
        assert await broker.wait_ready(10)


@pytest.mark.parametrize("ending", [signal.SIGKILL, pytest.param(signal.SIGSTOP, marks=pytest.mark.slow)])
async def test_a_broker_that_ends_or_hangs_is_begun_anew(broker: Broker, ending: signal.Signals) -> None:
    """On the same port, with the same rights: its clients come back by themselves."""
    first = broker.pid
    assert first is not None
    async with lab(broker.url) as ends:
        connection = await ends.connect(node_credentials("n1"), "n1")
        connection.start()
        assert await connection.wait_connected(5)
        os.kill(first, ending)
        await until_back(broker, 1)
        assert broker.pid != first
        assert await connection.wait_connected(5)


async def test_a_revoked_user_is_cut_off(broker: Broker) -> None:
    """At once, without a restart, and still after one; who is let in later comes in with new claims."""
    credentials, other = node_credentials("n1"), node_credentials("n2")
    async with stranger(broker.url, other) as bystander:
        async with stranger(broker.url, credentials) as node:
            assert await broker.revoke(claims.public_key(credentials.seed))
            await asyncio.wait_for(node.ended.wait(), 5)
        assert bystander.is_connected
        assert broker.restarts == 0
    async with lab(broker.url) as ends:
        connection = await ends.connect(credentials, "n1")
        connection.start()
        assert not await connection.wait_connected(0.3)
        assert broker.pid is not None
        os.kill(broker.pid, signal.SIGKILL)
        await until_back(broker, 1)
        assert not await connection.wait_connected(0.3)


async def test_a_cluster_hears_of_it(tmp_path: Path) -> None:
    """Claims that one server is told of are the others' too; so are the streams of its clients."""
    ports = [kept_port(tmp_path / name) for name in ("route-a", "route-b")]
    clusters = [
        Cluster("c", f"127.0.0.1:{port}", tuple(f"nats://127.0.0.1:{other}" for other in ports if other != port))
        for port in ports
    ]
    first, second = (broker_in(tmp_path / name, cluster=each) for name, each in zip("ab", clusters, strict=True))
    await first.start()
    await second.start()
    async with lab(first.url) as near, lab(second.url) as far:
        link = await near.gateway()
        credentials = node_credentials("n1")
        node = await far.node(credentials=credentials)
        assert await near.engine(link).count_prompt_tokens(JOB) == 5
        lost = asyncio.Event()
        node.connection.watch(lambda up: None if up else lost.set())
        began = asyncio.get_running_loop().time()
        assert await first.revoke(claims.public_key(credentials.seed))
        await asyncio.wait_for(lost.wait(), 5)
        assert asyncio.get_running_loop().time() - began < 5
        assert not await node.connection.wait_connected(0.3)
    await first.stop()
    await second.stop()


async def test_who_is_revoked_while_there_is_no_broker(broker: Broker, tmp_path: Path) -> None:
    """The next one begins with the new claims, though the old ones are on its disk."""
    credentials = node_credentials("n1")
    await broker.stop()
    assert not await broker.revoke(claims.public_key(credentials.seed))
    revoked = {claims.public_key(credentials.seed): int(CLOCK.now())}
    again = broker_in(tmp_path, revoked=revoked)
    await again.start()
    async with lab(again.url) as ends:
        connection = await ends.connect(credentials, "n1")
        connection.start()
        assert not await connection.wait_connected(0.3)
    await again.stop()


@pytest.mark.slow
async def test_claims_that_are_renewed_replace_those_that_end(broker: Broker) -> None:
    """A connection reads its credentials anew each time, and `renew` makes it do so."""
    kept = [node_credentials("n1", seconds=1.5)]
    async with lab(broker.url) as ends:
        connection = await ends.connect(kept[0], "n1")
        connection.credentials = lambda: kept[-1]
        connection.start()
        assert await connection.wait_connected(5)
        token = Authority(KEYS, CLOCK).node_token("n1", claims.public_key(kept[0].seed))
        kept.append(Credentials(token, kept[0].seed))
        connection.renew()
        await asyncio.sleep(2)  # past the end of the first claims
        assert connection.connected
        assert "xpired" not in connection.last_error


async def test_a_port_that_is_taken(tmp_path: Path) -> None:
    """The start fails with the server's own words."""
    first = broker_in(tmp_path / "a")
    await first.start()
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "port").write_text(str(first.options.port))
    second = broker_in(tmp_path / "b", limits=BrokerLimits(start_timeout_s=1.0))
    with pytest.raises(ConfigError, match="address already in use"):
        await second.start()
    await first.stop()


def test_a_port_is_kept(tmp_path: Path) -> None:
    """What was printed in an invite is true after a restart."""
    port = kept_port(tmp_path / "new")
    assert 1024 <= port < 65536
    assert kept_port(tmp_path / "new") == port


def test_a_missing_program_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With what is to be installed."""
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    with pytest.raises(ConfigError, match=r"antiphon\[nodes\]"):
        find_program({"PATH": str(tmp_path)})


PARENT = """
import asyncio, sys
from pathlib import Path
from tests.unit.link.lab import broker_in
async def main():
    broker = broker_in(Path(sys.argv[1]))
    await broker.start()
    print(broker.pid, flush=True)
    await asyncio.Event().wait()
asyncio.run(main())
"""


@pytest.mark.slow
def test_a_broker_ends_with_its_parent(tmp_path: Path) -> None:
    """However that ends, stopped or not: nothing is left on the port."""
    parent = subprocess.Popen([sys.executable, "-c", PARENT, str(tmp_path)], stdout=subprocess.PIPE)
    assert parent.stdout is not None
    pid = int(parent.stdout.readline())
    os.kill(pid, signal.SIGSTOP)
    waiting = os.pidfd_open(pid)
    parent.kill()
    parent.wait(5)
    parent.stdout.close()
    ended = asyncio.run(gone(waiting))
    os.close(waiting)
    assert ended


async def gone(pidfd: int) -> bool:
    """Whether a process ends soon."""
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_reader(pidfd, ended.set)
    try:
        await asyncio.wait_for(ended.wait(), 5)
    finally:
        loop.remove_reader(pidfd)
    return ended.is_set()
