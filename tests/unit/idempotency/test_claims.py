"""Who answers: one run at a time, another when it is dead, and nothing is lost while the database is away."""

from __future__ import annotations

import asyncio

import pytest

from antiphon.errors import AnswerNotKept, Conflict, KeyReused, Unavailable
from antiphon.idempotency import claims as module
from antiphon.idempotency.claims import Claims
from antiphon.idempotency.seal import Kept
from antiphon.idempotency.silence import SILENT_S
from tests.unit.credits.books import Away
from tests.unit.idempotency.asking import Runs, asked

KEPT = Kept(200, ((b"content-type", b"application/json"),), b"{}")
ONE = asked()


async def test_an_answer_is_given_again(runs: Runs) -> None:
    """By the run that made it and by any other, to the byte."""
    first, other = runs.claims("r1"), runs.claims("r2")
    assert await first.claim(ONE) is None
    await first.keep(ONE, KEPT)
    assert [await one.claim(ONE) for one in (first, other)] == [KEPT, KEPT]
    assert first._claimed == other._claimed == set()


async def test_another_request_is_refused(runs: Runs) -> None:
    """While the first is answered, and afterwards."""
    claims = runs.claims()
    await claims.claim(ONE)
    for _ in range(2):
        with pytest.raises(KeyReused) as caught:
            await claims.claim(asked(body=b"else"))
        assert (caught.value.status, caught.value.param) == (422, "Idempotency-Key")
        await claims.keep(ONE, KEPT)


async def test_a_living_run_is_left_alone(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    """However long it takes, as it goes on beating."""
    monkeypatch.setattr(module, "BEAT_S", 0.001)
    first, other = runs.claims("r1"), runs.claims("r2")
    await first.claim(ONE)
    for _ in range(3):
        with pytest.raises(Conflict) as caught:
            await other.claim(ONE)
        assert (caught.value.code, caught.value.retry_after_s) == ("idempotency_key_in_use", 3)
        runs.clock.advance(SILENT_S)
        before = await beat_of(runs)
        async with asyncio.timeout(20):
            while await beat_of(runs) == before:
                pass
    assert other._claimed == set()


async def beat_of(runs: Runs) -> int:
    """The last beat of the first run."""
    row = await runs.database.read(
        lambda connection: connection.one("SELECT beat_ms FROM idempotency_runs WHERE id = 'r1'")
    )
    assert row is not None
    return int(row[0])


async def rested(claims: Claims) -> None:
    """Return when nothing is claimed and nothing owed."""
    assert claims._beating is not None
    await asyncio.wait_for(claims._beating, 20)


async def test_a_dead_run_is_taken_over(runs: Runs) -> None:
    """Once it was seen to be silent; what it still says then is not kept."""
    dead, other, third = runs.claims("r1"), runs.claims("r2"), runs.claims("r3")
    await dead.claim(ONE)
    await runs.crash(dead)
    for claims in (other, third):
        with pytest.raises(Conflict):
            await claims.claim(ONE)
    runs.clock.advance(SILENT_S)
    assert await other.claim(ONE) is None
    with pytest.raises(Conflict):
        await third.claim(ONE)
    await dead.keep(ONE, KEPT)
    assert "silent" in runs.lost[0]
    mine = Kept(200, (), b"mine")
    await other.keep(ONE, mine)
    assert await third.claim(ONE) == mine


async def test_a_run_that_ended_leaves_nothing_behind(runs: Runs) -> None:
    """What it had under way is another's at once."""
    first, other = runs.claims("r1"), runs.claims("r2")
    await first.claim(ONE)
    await first.close()
    assert await other.claim(ONE) is None


async def test_what_is_let_go_of_is_answered_anew(runs: Runs) -> None:
    """What is dropped is not."""
    first, other = runs.claims("r1"), runs.claims("r2")
    await first.claim(ONE)
    await first.let_go(ONE)
    assert await other.claim(ONE) is None
    await other.drop(ONE)
    with pytest.raises(AnswerNotKept):
        await first.claim(ONE)


async def test_own_claims_that_nobody_answers(runs: Runs) -> None:
    """A run knows what it has under way; what it lost track of is its own again."""
    claims = runs.claims()
    await claims.claim(ONE)
    assert await claims.claim(ONE) is None


async def test_a_database_that_is_away(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is answered without a claim; one that may have been made is let go of once the database is back."""
    monkeypatch.setattr(module, "BEAT_S", 0.001)
    away = Away(runs.database)
    claims, other = runs.claims("r1", database=away), runs.claims("r2")
    away.unsure = True
    with pytest.raises(Unavailable):
        await claims.claim(ONE)
    await rested(claims)
    assert await other.claim(ONE) is None


async def test_an_answer_waits_for_the_database(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    """For a while; then it is given without being kept, and may be asked for anew."""
    monkeypatch.setattr(module, "KEEP_PAUSE_S", 0.001)
    monkeypatch.setattr(module, "BEAT_S", 0.001)
    away = Away(runs.database)
    claims, other = runs.claims("r1", database=away), runs.claims("r2")
    await claims.claim(ONE)
    away.away = True
    keeping = asyncio.create_task(claims.keep(ONE, KEPT))
    await away.refused.wait()
    away.away = False
    await keeping
    assert await other.claim(ONE) == KEPT
    two = asked(b"two")
    await claims.claim(two)
    away.away = True
    away.refused.clear()
    keeping = asyncio.create_task(claims.keep(two, KEPT))
    await away.refused.wait()
    runs.clock.advance(module.KEEP_S)
    await keeping
    assert runs.lost == ["the database does not answer"]
    away.away = False
    await rested(claims)
    assert await other.claim(two) is None


async def test_letting_go_while_the_database_is_away(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is done later, and not to a claim that was made since."""
    monkeypatch.setattr(module, "BEAT_S", 0.001)
    away = Away(runs.database)
    claims = runs.claims("r1", database=away)
    await claims.claim(ONE)
    away.away = True
    await claims.let_go(ONE)
    assert claims._owed == {ONE}
    away.away = False
    assert await claims.claim(ONE) is None
    assert claims._owed == set()
    await claims.keep(ONE, KEPT)
    assert await claims.claim(ONE) == KEPT
