"""Answers in the database: begun once, kept by whoever owns them, forgotten in time, bounded by account."""

from __future__ import annotations

import asyncio
from functools import partial

from antiphon.db import Connection, Database
from antiphon.idempotency import store
from antiphon.key import Key
from tests.unit.idempotency.asking import asked

NOW = 1_800_000_000_000
LATER = NOW + 86_400_000
ONE, BIG = asked(b"one"), 1 << 20


async def begin(database: Database, name: bytes = b"one", run: str = "r1", now_ms: int = NOW) -> store.Found | None:
    """Ask for an answer."""
    return await database.write(partial(store.begin, asked=asked(name), run=run, now_ms=now_ms))


async def keep(database: Database, name: bytes, sealed: str, *, run: str = "r1", bytes_max: int = BIG) -> bool:
    """Keep an answer."""
    work = partial(
        store.keep, asked=asked(name), run=run, sealed=sealed, account_bytes_max=bytes_max, expires_at_ms=LATER
    )
    return await database.write(work)


async def test_one_begins_it(database: Database) -> None:
    """Of many at once; the others see who, and its beat."""
    found = await asyncio.gather(*(begin(database, run=f"r{number}") for number in range(8)))
    first = found.index(None)
    others = [one for one in found if one is not None]
    assert len(others) == 7
    assert {(one.state, one.run, one.fingerprint, one.beat_ms) for one in others} == {
        ("running", f"r{first}", ONE.fingerprint, NOW)
    }


async def test_a_kept_answer_is_found(database: Database) -> None:
    """Until its time is up: then it may be asked for anew."""
    await begin(database)
    assert await keep(database, b"one", "sealed")
    found = await begin(database, run="r2", now_ms=LATER - 1)
    assert found is not None
    assert (found.state, found.sealed) == ("kept", "sealed")
    assert await begin(database, run="r2", now_ms=LATER) is None


async def test_only_its_run_may_end_it(database: Database) -> None:
    """Neither another run nor one from which it was taken over keeps it, drops it or lets go of it."""
    await begin(database)
    assert not await keep(database, b"one", "x", run="r2")
    await database.write(partial(store.let_go, asked=ONE, run="r2"))
    await database.write(partial(store.drop, asked=ONE, run="r2", expires_at_ms=LATER))
    take_over = partial(store.take_over, asked=ONE, dead="r1", run="r2", now_ms=NOW)
    assert [await database.write(take_over) for _ in range(2)] == [True, False]
    assert not await keep(database, b"one", "x")
    assert await keep(database, b"one", "y", run="r2")
    await database.write(partial(store.let_go, asked=ONE, run="r2"))
    found = await begin(database)
    assert found is not None
    assert found.sealed == "y"


async def test_another_request_ends_nothing(database: Database) -> None:
    """One of the same name, in the same run."""
    await begin(database)
    other = asked(b"one", b"else")
    assert other.name == ONE.name
    await database.write(partial(store.let_go, asked=other, run="r1"))
    await database.write(partial(store.drop, asked=other, run="r1", expires_at_ms=LATER))
    assert await keep(database, b"one", "x")


async def test_one_that_is_let_go_of_is_begun_anew(database: Database) -> None:
    """One that is dropped is remembered."""
    await begin(database)
    await database.write(partial(store.let_go, asked=ONE, run="r1"))
    assert await begin(database) is None
    await database.write(partial(store.drop, asked=ONE, run="r1", expires_at_ms=LATER))
    found = await begin(database)
    assert found is not None
    assert (found.state, found.sealed) == ("dropped", None)


async def test_an_account_keeps_so_much(database: Database) -> None:
    """Its oldest answers go first; those of others stay."""
    other = asked(b"one", key=Key("bea"))
    await database.write(partial(store.begin, asked=other, run="r1", now_ms=NOW))
    work = partial(
        store.keep, asked=other, run="r1", sealed="x" * 90, account_bytes_max=100, expires_at_ms=LATER
    )  # fmt: skip
    assert await database.write(work)
    for number in range(9):
        await begin(database, b"%d" % number)
        work = partial(
            store.keep,
            asked=asked(b"%d" % number),
            run="r1",
            sealed="x" * 20,
            account_bytes_max=100,
            expires_at_ms=LATER + number,
        )
        assert await database.write(work)

    def states(connection: Connection) -> list[tuple[str, str, int]]:
        sql = "SELECT account, state, size FROM idempotency_answers ORDER BY account, expires_at_ms"
        return [(row[0], row[1], row[2]) for row in connection.all(sql)]

    found = await database.read(states)
    kept = sum(size for account, _, size in found if account == "ann")
    assert kept <= 100
    assert [state for account, state, _ in found if account == "ann"] == ["dropped"] * 6 + ["kept"] * 3
    assert ("bea", "kept", 90) in found


async def test_what_is_over_is_forgotten(database: Database) -> None:
    """A part of it with each request that comes."""
    for number in range(3):
        await begin(database, b"%d" % number)
        await keep(database, b"%d" % number, "x")
    await begin(database, b"new", now_ms=LATER)

    def count(connection: Connection) -> int:
        row = connection.one("SELECT COUNT(*) FROM idempotency_answers")
        return 0 if row is None else int(row[0])

    assert await database.read(count) == 1


async def test_the_end_of_a_run(database: Database) -> None:
    """What it had under way may be begun anew, what it kept stays, and runs of long ago are forgotten."""
    await begin(database, b"one")
    await begin(database, b"two")
    await keep(database, b"two", "x")
    await database.write(partial(store.end, run="r1"))
    assert await begin(database, b"one", run="r2") is None
    found = await begin(database, b"two", run="r2")
    assert found is not None
    assert (found.state, found.beat_ms) == ("kept", None)
    await database.write(partial(store.beat, run="r3", now_ms=NOW + store.RUN_MS + 1))
    assert await database.read(lambda connection: connection.all("SELECT id FROM idempotency_runs")) == [("r3",)]
