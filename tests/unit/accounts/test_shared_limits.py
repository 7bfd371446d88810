"""Gateways that count together: exact at every moment, whoever is asked, leaves, or goes away."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from antiphon.accounts.limits import Admission
from antiphon.accounts.shared_limits import GROUP_MAX, SharedLimits
from antiphon.clock import SystemClock
from antiphon.db import Database, T, Work
from antiphon.db.moment import now_sql
from antiphon.db.open import open_database, open_volatile
from antiphon.errors import Unavailable
from antiphon.key import Allowance, Key
from tests.fixtures.databases.server import PostgresServer
from tests.unit.accounts.lines import fields

Make = Callable[[str], SharedLimits]


class Switched:
    """A database that can be away, or keep a caller waiting."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.away = False
        self.confirms = True
        self.open = asyncio.Event()
        self.open.set()
        self.works = 0

    @property
    def healthy(self) -> bool:
        """Whether it is there."""
        return not self.away

    async def read(self, work: Work[T]) -> T:
        """As the database."""
        return await self._database.read(work)

    async def write(self, work: Work[T]) -> T:
        """As the database, if it is there."""
        self.works += 1
        await self.open.wait()
        if self.away:
            raise Unavailable("The database does not answer.")
        done = await self._database.write(work)
        if not self.confirms:
            raise Unavailable("Nobody knows.", code="write_unconfirmed")
        return done

    async def close(self) -> None:
        """It belongs to the fixture."""


@pytest.fixture(params=["sqlite", "postgres"])
def database_kind(request: pytest.FixtureRequest) -> str:
    """Both that a gateway may have."""
    return str(request.param)


@pytest_asyncio.fixture
async def switched(database: Database) -> Switched:
    """The database with a switch."""
    return Switched(database)


@pytest_asyncio.fixture
async def make(switched: Switched, database_url: str) -> AsyncIterator[Make]:
    """Makes gateways' limiters over one database, and closes them."""
    made: list[SharedLimits] = []

    def one(run: str) -> SharedLimits:
        made.append(SharedLimits(switched, run=run, now_sql=now_sql(database_url)))
        return made[-1]

    yield one
    for each in made:
        await each.close()


async def asked(limits: SharedLimits, key: Key, number: int = 1) -> list[Admission]:
    """So many requests at once."""
    now_s = asyncio.get_running_loop().time()
    return list(await asyncio.gather(*(limits.admit(key, now_s) for _ in range(number))))


async def admitted(limits: SharedLimits, key: Key, number: int = 1) -> int:
    """How many of them are let in."""
    return sum(each.refusal is None for each in await asked(limits, key, number))


async def test_sixty_of_a_thousand(make: Make, switched: Switched) -> None:
    """A limit of 60, and 1,000 at once over two gateways: exactly 60, in a few transactions.

    One more for each second that those take, which is what a minute gives back: on a machine that does much else.
    """
    one, two, key, begun = make("one"), make("two"), Key("k", 60), time.monotonic()
    found = await asyncio.gather(asked(one, key, 500), asked(two, key, 500))
    took_s = int(time.monotonic() - begun)
    admissions = [admission for each in found for admission in each]
    let_in = sum(admission.refusal is None for admission in admissions)
    assert 60 <= let_in <= 60 + took_s
    refusals = [admission.refusal for admission in admissions if admission.refusal is not None]
    assert {refusal.retry_after_s for refusal in refusals} == {1}
    assert {fields(each.lines)["x-ratelimit-limit-requests"] for each in admissions} == {"60"}
    rest = sorted(int(fields(each.lines)["x-ratelimit-remaining-requests"]) for each in admissions)
    assert took_s or rest == [0] * 941 + list(range(1, 60))
    assert switched.works <= 2 * (500 // GROUP_MAX + 2)


async def test_fifty_rounds(make: Make) -> None:
    """Small limits, many at once, of keys and their account together: never one more or less."""
    one, two = make("one"), make("two")
    for number in range(1, 51):
        allowance = Allowance(requests_per_minute=number)
        keys = [
            Key("k", number, id=f"key_{number}_{each}", account_name=f"acme {number}", account_allowance=allowance)
            for each in range(2)
        ]
        found = await asyncio.gather(*(admitted(limits, key, number) for limits in (one, two) for key in keys))
        assert sum(found) == number


async def test_requests_at_once_are_exact(make: Make, switched: Switched) -> None:
    """Over both gateways; each that ends makes room for one, wherever that is asked."""
    one, two, key = make("one"), make("two"), Key("k", parallel_max=5)
    assert sum(await asyncio.gather(admitted(one, key, 20), admitted(two, key, 20))) == 5
    here = sum(one._here.levels["key"].running.values())
    for limits, number in ((one, here), (two, 5 - here)):
        for _ in range(number):
            limits.leave(key)
    await settled(one, two)
    assert sum(await asyncio.gather(admitted(one, key, 20), admitted(two, key, 20))) == 5


async def settled(*gateways: SharedLimits) -> None:
    """All that they have to tell is told."""
    for limits in gateways:
        if limits._serving is not None:
            await asyncio.wait([limits._serving])


async def test_a_gateway_that_ends_frees_what_it_had(make: Make) -> None:
    """At once, when it ends in order."""
    one, two, key = make("one"), make("two"), Key("k", parallel_max=2)
    assert await admitted(one, key, 3) == 2
    assert await admitted(two, key) == 0
    await one.close()
    assert await admitted(two, key, 3) == 2


async def test_tokens_are_counted_together(make: Make) -> None:
    """What one gateway's answers used is gone at the other as well."""
    one, two, key = make("one"), make("two"), Key("k", tokens_per_minute=600)
    assert await admitted(one, key) == 1
    one.use_tokens(key, 0, 0.0)
    one.use_tokens(key, 599, 0.0)
    one.use_tokens(key, 301, 0.0)
    await settled(one)
    (refused,) = await asked(two, key)
    assert refused.refusal is not None
    assert refused.refusal.message == "This key allows 600 tokens per minute."
    assert 30 <= (refused.refusal.retry_after_s or 0) <= 31
    assert fields(refused.lines)["x-ratelimit-remaining-tokens"] == "0"


async def test_a_client_that_leaves_before_it_is_let_in(
    make: Make, switched: Switched, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It takes no place: neither one that it waits for, nor one that it has just been given."""
    limits, key = make("one"), Key("k", parallel_max=1)
    switched.open.clear()
    gone = asyncio.create_task(limits.admit(key, 0.0))
    for _ in range(3):
        await asyncio.sleep(0)
    gone.cancel()
    await asyncio.wait([gone])
    switched.open.set()
    await settled(limits)
    deliver = limits._deliver

    def deliver_too_late(*told: Any) -> None:  # Any: whatever is delivered
        deliver(*told)
        late.cancel()

    with monkeypatch.context() as patched:
        patched.setattr(limits, "_deliver", deliver_too_late)
        late = asyncio.create_task(limits.admit(key, 0.0))
        await asyncio.wait([late])
    assert late.cancelled()
    await settled(limits)
    assert limits._here.levels["key"].running == {}
    assert await admitted(limits, key, 2) == 1


async def test_without_the_database_each_counts_for_itself(make: Make, switched: Switched) -> None:
    """Nobody is refused for that; what was used and what runs is told when it is back."""
    one, two = make("one"), make("two")
    rated, bounded, metered = Key("r", 3), Key("b", parallel_max=2), Key("m", tokens_per_minute=60)
    assert await admitted(one, bounded) == 1
    switched.away = True
    assert [await admitted(limits, rated, 9) for limits in (one, two)] == [3, 3]
    assert [await admitted(limits, bounded, 9) for limits in (one, two)] == [1, 2]
    one.use_tokens(metered, 60, asyncio.get_running_loop().time())
    assert await admitted(one, metered) == 0
    two.leave(bounded)
    switched.away = False
    assert await admitted(one, metered) == 0
    assert await admitted(two, metered) == 0
    assert await admitted(one, bounded) == 0
    for limits in (one, one, two):
        limits.leave(bounded)
    await settled(one, two)
    assert await admitted(two, bounded, 9) == 2


async def test_a_server_that_is_away_keeps_nobody_waiting(tmp_path: Path) -> None:
    """Killed under load: those that ask are answered all the same, and count together again when it is back."""
    server = PostgresServer()
    server.start()
    try:
        url = server.new_url()
        kept = open_database(url, data_dir=tmp_path)
        databases = [open_volatile(url, data_dir=tmp_path, clock=SystemClock()) for _ in range(2)]
        made = [SharedLimits(each, run=f"run {n}", now_sql=now_sql(url)) for n, each in enumerate(databases)]
        key = Key("k", parallel_max=4)
        assert [await admitted(limits, key, 2) for limits in made] == [2, 2]
        server.crash()
        assert [await admitted(limits, key, 9) for limits in made] == [2, 2]
        for limits in made:
            for _ in range(2):
                limits.leave(key)
        server.start()
        async with asyncio.timeout(20):
            while not all(each.healthy for each in databases):
                await asyncio.to_thread(lambda: None)
        for limits in made:
            limits.leave(key)
            await settled(limits)
        assert await admitted(made[0], key, 9) == 2
        assert await admitted(made[1], key) == 0
        for limits in made:
            await limits.close()
        for each in (*databases, kept):
            await each.close()
    finally:
        server.stop()


async def test_an_answer_that_is_lost_counts_at_most_once(make: Make, switched: Switched) -> None:
    """Whether the database has kept what it did not confirm: no more run than may, and none for ever."""
    one, two, key = make("one"), make("two"), Key("k", parallel_max=2)
    switched.confirms = False
    assert await admitted(one, key, 3) == 2
    switched.confirms = True
    assert await admitted(two, key) == 0
    one.leave(key)
    one.leave(key)
    await settled(one)
    assert await admitted(two, key, 3) == 2


async def test_a_gateway_that_lives_says_so(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """While it has requests that count, again and again."""
    monkeypatch.setattr("antiphon.accounts.shared_limits.ALIVE_EVERY_S", 0.01)
    limits, key = make("one"), Key("k", parallel_max=2)
    assert await admitted(limits, key) == 1
    sql = "SELECT alive_at_us FROM limit_runs WHERE run = 'one'"
    database = limits._database
    first = await database.read(lambda connection: connection.one(sql))
    async with asyncio.timeout(10):
        while await database.read(lambda connection: connection.one(sql)) == first:
            pass


async def test_a_fault_of_our_own_keeps_nobody_waiting(make: Make, switched: Switched) -> None:
    """It is answered as a database that is away, and told to whoever looks after tasks."""
    limits = make("one")
    limits._settle = partial(limits._settle, now_sql="SELECT nonsense FROM nowhere")
    with pytest.raises(Unavailable, match="cannot be counted"):
        await limits.admit(Key("k", 1), 0.0)
    assert limits._serving is not None
    await asyncio.wait([limits._serving])
    assert limits._serving.exception() is not None
