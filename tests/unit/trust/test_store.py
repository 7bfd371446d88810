"""Checks in the database: counted once, evidence kept within bounds, an accused node stays so until it is pardoned."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import pytest

from antiphon.db import Database
from antiphon.trust import store
from antiphon.trust.model import Outcome, Standing
from antiphon.trust.sequential import convicts
from tests.fixtures.databases.plugin import KINDS

pytestmark = pytest.mark.parametrize("database_kind", KINDS, indirect=True)


def outcomes(node: str, *failed: bool, begin: int = 0) -> Mapping[str, Outcome]:
    """Checks of one kind, with ids of their own."""
    return {
        f"chk_{node}{begin + at:05d}": Outcome(node, "model", one, "m", "req", "It lied." if one else "")
        for at, one in enumerate(failed)
    }


async def recorded(database: Database, told: Mapping[str, Outcome], at_ms: int = 1_000) -> list[Standing]:
    """The nodes that are accused by these checks."""
    return await database.write(partial(store.record, outcomes=told, at_ms=at_ms))


async def test_a_node_is_accused_once(database: Database) -> None:
    """By the check that convicts it, with the kind; what it fails afterwards accuses it no more."""
    assert await recorded(database, outcomes("a", False, True, True)) == []
    accused = await recorded(database, outcomes("a", *[True] * 6, begin=10), 2_000)
    assert [(one.node, one.accused, one.since_ms, one.factor(2_000)) for one in accused] == [("a", "model", 2_000, 0.0)]
    assert await recorded(database, outcomes("a", True, False, begin=20), 3_000) == []
    standing = (await database.read(store.standings))["a"]
    assert (standing.accused, standing.since_ms, standing.factor(3_000)) == ("model", 2_000, 0.0)


async def test_tallies_go_on(database: Database) -> None:
    """Each kind by itself, from where it stood."""
    await recorded(database, outcomes("a", True, False))
    await recorded(database, {"chk_x": Outcome("a", "usage", failed=False), **outcomes("a", True, begin=5)})
    model, usage = await database.read(partial(store.tallies, node="a"))
    assert (model.kind, model.checks, model.failures) == ("model", 3, 2)
    assert (usage.kind, usage.checks, usage.failures, usage.ratio) == ("usage", 1, 0, 0)
    assert not convicts(model.ratio)


async def test_evidence_is_what_failed(database: Database) -> None:
    """The latest first, whole; another node's is its own, and there is an end to it."""
    await recorded(database, outcomes("a", True, False, True), 1_000)
    await recorded(database, outcomes("b", True), 2_000)
    await recorded(database, outcomes("a", True, begin=9), 3_000)
    found = await database.read(partial(store.evidence, node="a", limit=9))
    assert [(one.id, one.at_ms) for one in found] == [
        ("chk_a00009", 3_000),
        ("chk_a00002", 1_000),
        ("chk_a00000", 1_000),
    ]
    assert found[0].outcome == Outcome("a", "model", failed=True, model="m", request="req", says="It lied.")
    assert len(await database.read(partial(store.evidence, node="a", limit=1))) == 1
    await recorded(database, outcomes("a", *[True] * (store.EVIDENCE_MAX + 5), begin=100), 4_000)
    assert len(await database.read(partial(store.evidence, node="a", limit=9_999))) == store.EVIDENCE_MAX


async def test_a_pardon(database: Database) -> None:
    """The node serves again and its tests begin anew; its evidence stays, and nobody else is pardoned."""
    await recorded(database, outcomes("a", *[True] * 9))
    await recorded(database, outcomes("b", *[True] * 9))
    assert await database.write(partial(store.pardon, node="a", at_ms=5_000))
    assert not await database.write(partial(store.pardon, node="nobody", at_ms=5_000))
    standings = await database.read(store.standings)
    assert standings["a"].accused is None
    assert standings["a"].factor(5_000) == 1.0
    assert standings["b"].accused == "model"
    assert await recorded(database, outcomes("a", True, begin=50), 6_000) == []
    assert len(await database.read(partial(store.evidence, node="a", limit=99))) == 10
