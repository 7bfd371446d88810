"""Limits in the database: what several runs count together is what one would count, and the dead count no more."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from antiphon.accounts import limit_store
from antiphon.accounts.limit_store import OLD_US, ROWS_MAX, SILENT_US, Batch, Name
from antiphon.accounts.limits import Admission, Limits
from antiphon.db import Connection, Database
from antiphon.key import Allowance, Key
from tests.unit.accounts.lines import fields

START_US = 1_700_000_000 * 10**6


def at(now_us: int) -> str:
    """The statement of a clock that shows this."""
    return f"SELECT {now_us}"


def batch(run: str, *asked: Key, running: dict[Name, int] | None = None, ended: Sequence[Name] = ()) -> Batch:
    """Requests of these keys that ask at one gateway."""
    return Batch(run, [key.allowances for key in asked], {}, running or {}, frozenset(ended))


async def settle(database: Database, told: Batch, now_us: int = START_US) -> list[Admission]:
    """What is decided then."""
    return await database.write(partial(limit_store.settle, batch=told, now_sql=at(now_us)))


def admitted(admissions: Sequence[Admission]) -> int:
    """How many were let in."""
    return sum(admission.refusal is None for admission in admissions)


async def rows(database: Database, table: str) -> int:
    """How many rows a table has."""
    row = await database.read(lambda connection: connection.one(f"SELECT COUNT(*) FROM {table}"))
    assert row is not None
    return int(row[0])


async def test_runs_share_what_a_minute_allows(database: Database) -> None:
    """Whoever asks first gets it, to the last one, and it comes back evenly."""
    key = Key("k", 5)
    assert admitted(await settle(database, batch("one", key, key, key))) == 3
    assert admitted(await settle(database, batch("two", key, key, key))) == 2
    (refused,) = await settle(database, batch("one", key))
    assert refused.refusal is not None
    assert (refused.refusal.message, refused.refusal.retry_after_s) == ("This key allows 5 requests per minute.", 12)
    assert fields(refused.lines)["x-ratelimit-remaining-requests"] == "0"
    later = START_US + 12 * 10**6
    assert admitted(await settle(database, batch("one", key), later - 1)) == 0
    assert admitted(await settle(database, batch("two", key), later)) == 1


async def test_tokens_that_were_used_elsewhere_count(database: Database) -> None:
    """They are counted before those that come with them are decided on."""
    key = Key("k", tokens_per_minute=600)
    used = Batch("one", [key.allowances], {("key", "k", 600): 599}, {})
    assert admitted(await settle(database, used)) == 1
    assert admitted(await settle(database, batch("two", key))) == 1
    used = Batch("two", [key.allowances], {("key", "k", 600): 301}, {})
    (refused,) = await settle(database, used)
    assert refused.refusal is not None
    assert refused.refusal.retry_after_s == 31


async def test_requests_at_once_are_counted_over_runs(database: Database) -> None:
    """Each tells how many it has; one that ends makes room for one."""
    key = Key("k", parallel_max=3, id="key_1")
    name: Name = ("key", "key_1")
    assert admitted(await settle(database, batch("one", key, key))) == 2
    assert admitted(await settle(database, batch("two", key, key))) == 1
    assert admitted(await settle(database, batch("one", key, running={name: 2}))) == 0
    await settle(database, batch("one", running={name: 1}, ended=[name]))
    assert admitted(await settle(database, batch("two", key, key, running={name: 1}))) == 1
    await settle(database, batch("two", ended=[name]))
    assert admitted(await settle(database, batch("one", key, key, key, running={name: 1}))) == 2


async def test_a_silent_run_counts_no_more_until_it_speaks(database: Database) -> None:
    """What it had is for others after some seconds, and counts again when it turns out to be alive."""
    key = Key("k", parallel_max=2)
    name: Name = ("key", "k")
    assert admitted(await settle(database, batch("one", key, key))) == 2
    assert admitted(await settle(database, batch("two", key), START_US + SILENT_US - 1)) == 0
    assert admitted(await settle(database, batch("two", key), START_US + SILENT_US)) == 1
    alive = START_US + SILENT_US + 1
    await settle(database, batch("one", running={name: 2}, ended=[name]), alive)
    assert admitted(await settle(database, batch("two", key, running={name: 1}), alive)) == 0


async def test_what_says_nothing_any_more_is_swept(database: Database) -> None:
    """Of runs, of requests that ended, and of names that have all; a run that was swept tells all it has again."""
    bounded, rated = Key("k", parallel_max=2), Key("r", 60)
    name: Name = ("key", "k")
    await settle(database, batch("one", bounded, rated))
    await settle(database, batch("two", bounded))
    sweep = Batch("two", [], {}, {name: 1}, sweep=True)
    await settle(database, sweep, START_US + OLD_US + 1)
    assert [await rows(database, table) for table in ("limit_runs", "limit_running", "limit_rates")] == [1, 1, 0]
    await settle(database, batch("one", running={name: 1}, ended=[]), START_US + OLD_US + 2)
    assert [await rows(database, table) for table in ("limit_runs", "limit_running")] == [2, 2]
    await database.write(partial(limit_store.forget, run="two"))
    assert [await rows(database, table) for table in ("limit_runs", "limit_running")] == [1, 1]


async def test_a_clock_that_was_set_back_costs_a_minute_at_most(database: Database) -> None:
    """However far."""
    key = Key("k", 2)
    assert admitted(await settle(database, batch("one", key, key))) == 2
    hours_ago = START_US - 5 * 3600 * 10**6
    (refused,) = await settle(database, batch("one", key), hours_ago)
    assert refused.refusal is not None
    assert refused.refusal.retry_after_s == 30


async def test_a_debt_has_an_end(database: Database) -> None:
    """What was used is never more than a database can hold."""
    key = Key("k", tokens_per_minute=1)
    await settle(database, Batch("one", [], {("key", "k", 1): 10**12}, {}))
    (refused,) = await settle(database, batch("one", key))
    assert refused.refusal is not None


async def test_many_names_at_once(database: Database) -> None:
    """More than one statement can hold; each has its own, its account's too."""
    allowance = Allowance(requests_per_minute=2, tokens_per_minute=9, parallel_max=2)
    keys = [Key(f"k{number}", 3, parallel_max=3, account_allowance=allowance) for number in range(ROWS_MAX + 9)]
    assert admitted(await settle(database, batch("one", *keys, *keys))) == 2 * len(keys)
    assert admitted(await settle(database, batch("two", *keys))) == 0
    assert await rows(database, "limit_rates") == 2 * len(keys)


async def test_a_batch_that_is_undone_leaves_nothing(database: Database) -> None:
    """It is one transaction."""
    key = Key("k", 1, parallel_max=1)

    def work(connection: Connection) -> None:
        limit_store.settle(connection, batch("one", key), now_sql=at(START_US))
        raise LookupError

    with pytest.raises(LookupError):
        await database.write(work)
    assert admitted(await settle(database, batch("two", key, key))) == 1


@pytest.mark.parametrize("database_kind", ["sqlite"])
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(
    steps=st.lists(
        st.tuples(st.integers(0, 2), st.sampled_from("abc"), st.integers(1, 4), st.integers(0, 20)), max_size=15
    )
)
async def test_it_decides_as_one_gateway_would(database: Database, steps: list[tuple[int, str, int, int]]) -> None:
    """Whichever run is asked, and however the requests are put together."""
    await database.write(lambda connection: connection.run("DELETE FROM limit_rates"))
    alone, now_us = Limits(), START_US
    for run, name, number, gap_s in steps:
        key = Key(name, 3, account_name="acme", account_allowance=Allowance(requests_per_minute=7))
        now_us += gap_s * 10**6
        decided = await settle(database, batch(f"run {run}", *[key] * number), now_us)
        expected = [alone.decide(key.allowances, now_us * 1000) for _ in range(number)]
        assert [each.lines for each in decided] == [each.lines for each in expected]
        assert [str(each.refusal) for each in decided] == [str(each.refusal) for each in expected]
