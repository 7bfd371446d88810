"""The database dies, fills up, fails to sync, is locked: requests are refused in time, and the books stay right.

Nobody mends the gateway by hand: it finds the database again.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import sqlite3
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest

from antiphon.db.open import open_database
from antiphon.testing.gateway_process import GatewayProcess
from tests.fixtures.databases.server import PostgresServer
from tests.integration.charging.lab import PAYER, Engines, Lab, settings
from tests.integration.charging.test_kills import FUNDS, charges, cleared, verified
from tests.unit.db.test_sqlite import failing_sync

from .conftest import Tell
from .paying import Paying, failed, sdk, sdk_bodies

__all__ = ["failing_sync"]  # a fixture
CLIENTS = 8
SDKS = 8
SDK_A_SECOND = 20
CRASHES = {False: (5, 6.0), True: (10, 15.0)}  # so many, so often
LASTS_S = 6.0
WELL_S = 3.0
BACK_S_MAX = 15.0
DISK_BYTES = 24 << 20
Break = Callable[[], contextlib.AbstractAsyncContextManager[None]]


@contextlib.asynccontextmanager
async def paid_for(url: str, folder: Path) -> AsyncIterator[tuple[GatewayProcess, Lab]]:
    """A gateway that charges in this database; its books are sound in the end, and say what clients were told."""
    async with Engines() as engines, GatewayProcess(settings(url, engines), folder) as gateway:
        database = open_database(url, data_dir=folder)
        lab = Lab([gateway], engines, database)
        await lab.fund(FUNDS)
        yield gateway, lab
        await cleared(database, gateway)
        await gateway.stop()
        await verified(folder)
        await lab.require_sound()
        await database.close()


async def uncharged(lab: Lab, paying: Paying) -> list[str]:
    """Requests that are charged otherwise than their clients were told, or not at all."""
    names = {name for name, cost in paying.told.costs.items() if cost}
    async with asyncio.timeout(BACK_S_MAX):
        while names - (rows := await lab.database.read(charges)).keys():
            pass
    return sorted(name for name in names if rows[name] != paying.told.costs[name])


@pytest.mark.slow
@pytest.mark.timeout(900)
async def test_a_postgresql_server_that_crashes(tmp_path: Path, full: bool, seed: int, tell: Tell) -> None:
    """Whatever is refused says when to come again; SDKs, which do, see nothing of it."""
    crashes, every_s = CRASHES[full]
    server = PostgresServer(durable=True)
    server.start()
    try:
        async with paid_for(server.new_url(), tmp_path) as (gateway, lab):
            paying = Paying(gateway, seed)
            bodies = sdk_bodies(int(crashes * every_s * SDK_A_SECOND))
            async with paying.asking(CLIENTS):
                asked = asyncio.create_task(sdk(gateway.url, PAYER, bodies, clients=SDKS, retries=2))
                for _ in range(crashes):
                    await asyncio.sleep(every_s)
                    await asyncio.to_thread(server.crash)
                    await asyncio.to_thread(server.start)
                answers = await asked
            wrong = await uncharged(lab, paying)
            tell(
                "G17",
                figure={
                    "good": paying.counts["good"],
                    "refused": paying.counts["refused"],
                    "wrong": len(paying.wrong),
                    "charged otherwise": len(wrong),
                    "sdk": len(answers),
                    "sdk failed": len(failed(answers)),
                },
                limit={"wrong": 0, "charged otherwise": 0, "sdk failed": 0},
                injected={"crashes": crashes},
            )
            assert paying.wrong == []
            assert wrong == []
            assert failed(answers) == []
            assert len(answers) == len(bodies)
            assert paying.counts["refused"] > 0
    finally:
        server.stop()


@contextlib.contextmanager
def small_disk(folder: Path) -> Iterator[None]:
    """A file system of few bytes in this folder; skipped where that is not allowed."""
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "tmpfs", str(folder)]
    if os.geteuid() != 0 or not shutil.which("mount") or subprocess.run(mount, check=False).returncode:
        pytest.skip("takes root and a file system in memory")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@contextlib.asynccontextmanager
async def full_disk(folder: Path) -> AsyncIterator[None]:
    """No byte more can be stored."""
    filler = folder / "filler"
    with filler.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        for size in (1 << 20, 4096):
            with contextlib.suppress(OSError):
                while file.write(bytes(size)) == size:
                    pass
    yield
    filler.unlink()


@contextlib.asynccontextmanager
async def failing(marker: Path) -> AsyncIterator[None]:
    """What is written does not reach the disk, and the system says so."""
    await asyncio.to_thread(marker.touch)
    yield
    await asyncio.to_thread(marker.unlink)


@contextlib.asynccontextmanager
async def locked(file: Path) -> AsyncIterator[None]:
    """Another process, such as a backup that hangs, has the database for itself."""
    with contextlib.closing(sqlite3.connect(file, isolation_level=None, timeout=30)) as other:
        other.execute("BEGIN EXCLUSIVE")
        yield
        other.execute("ROLLBACK")


async def broken_for_a_while(folder: Path, fault: str, breaking: Break, seed: int, tell: Tell) -> None:
    """Ask before, while and after something is broken, and hold the books against what clients were told."""
    url = f"sqlite:///{folder / 'books.db'}"
    (folder / "gateway").mkdir()
    async with paid_for(url, folder / "gateway") as (gateway, lab):
        paying, slowest_s, loop = Paying(gateway, seed), 0.0, asyncio.get_running_loop()
        async with paying.asking(CLIENTS):
            await asyncio.sleep(WELL_S)
            before = paying.counts.copy()
            async with breaking():
                ends_at = loop.time() + LASTS_S
                while (begun_at := loop.time()) < ends_at:
                    for path, key in (("/livez", None), ("/v1/models", PAYER)):
                        assert (await gateway.ask(path, key=key)).status == 200
                    slowest_s = max(slowest_s, loop.time() - begun_at)
                meanwhile = paying.counts - before
            mended_at, good = loop.time(), paying.counts["good"]
            async with asyncio.timeout(BACK_S_MAX):
                while paying.counts["good"] <= good + CLIENTS:
                    assert (await gateway.ask("/livez")).status == 200
            back_s = loop.time() - mended_at
        wrong = await uncharged(lab, paying)
        tell(
            f"G23 {fault}",
            figure={
                "good before": before["good"],
                "refused meanwhile": meanwhile["refused"],
                "good meanwhile": meanwhile["good"],
                "wrong": len(paying.wrong),
                "charged otherwise": len(wrong),
                "back after s": round(back_s, 2),
                "slowest other answer s": round(slowest_s, 2),
            },
            limit={"wrong": 0, "charged otherwise": 0, "back after s": BACK_S_MAX},
            injected={"times": 1},
        )
        assert paying.wrong == []
        assert wrong == []
        assert meanwhile["refused"] > 0


@pytest.mark.slow
@pytest.mark.timeout(300)
async def test_a_full_disk(tmp_path: Path, seed: int, tell: Tell) -> None:
    """No hold, no work; balances, models and probes are answered as ever."""
    disk = tmp_path / "disk"
    with small_disk(disk):
        await broken_for_a_while(disk, "full disk", lambda: full_disk(disk), seed, tell)


@pytest.mark.slow
@pytest.mark.timeout(300)
async def test_a_disk_that_fails(
    tmp_path: Path, failing_sync: Path, monkeypatch: pytest.MonkeyPatch, seed: int, tell: Tell
) -> None:
    """What did not reach the disk is not taken for stored, however often the system forgets its error."""
    marker = tmp_path / "failing"
    monkeypatch.setenv("LD_PRELOAD", str(failing_sync))
    monkeypatch.setenv("FAILING_SYNC", str(marker))
    await broken_for_a_while(tmp_path, "failed sync", lambda: failing(marker), seed, tell)


@pytest.mark.slow
@pytest.mark.timeout(300)
async def test_a_locked_database(tmp_path: Path, seed: int, tell: Tell) -> None:
    """Whoever waits for it does so beside the event loop, and not for long."""
    await broken_for_a_while(tmp_path, "locked", lambda: locked(tmp_path / "books.db"), seed, tell)
