"""/v1/nodes/{node}/evidence and its pardon: for operators, by id or name."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import pytest

from antiphon.clock import ManualClock
from antiphon.db import Database
from antiphon.db.open import open_database
from antiphon.errors import NotFound, PermissionDenied
from antiphon.ids import seeded
from antiphon.key import ADMIN, Key
from antiphon.trust import store
from antiphon.trust.examiner import Examiner
from antiphon.trust.model import Outcome
from antiphon.trust.routes import TrustRoutes
from antiphon.trust.service import Listeners, Trust
from tests.unit.http.recording import exchange_of

ROOT = Key("root", scopes=ADMIN)


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    """One node that was found to lie."""
    made = open_database(None, data_dir=tmp_path, clock=ManualClock())
    told = {f"chk_{number}": Outcome("node_1", "model", failed=True, says="It lied.") for number in range(6)}
    await made.write(partial(store.record, outcomes=told, at_ms=5))
    yield made
    await made.close()


async def answered(database: Database, name: str, *, method: str = "GET", key: Key = ROOT) -> Any:  # Any: JSON
    """What a key is told of a node, or of its pardon."""
    draw = Random(1)
    listeners = Listeners(lambda _outcome: None, lambda _node, _factor: None, lambda _standing, _says: None)
    examiner = Examiner(lambda _model, _node: None, draw=draw, ids=seeded(2))
    trust = Trust(database, examiner, listeners, share=0.1, draw=draw, clock=ManualClock(), ids=seeded(1))

    async def resolve(given: str) -> str:
        return "node_1" if given == "attic" else given

    routes = TrustRoutes(trust, resolve, clock=ManualClock())
    exchange, wire = exchange_of(method, f"/v1/nodes/{name}/evidence")
    exchange.key, exchange.parameter = key, name
    await (routes.evidence(exchange) if method == "GET" else routes.pardon(exchange))
    assert wire.status == 200
    return json.loads(wire.body)


async def test_evidence_by_name(database: Database) -> None:
    """The node's id stands in it, with what it failed."""
    told = await answered(database, "attic")
    assert (told["node"], told["quarantined"], told["factor"], told["object"]) == ("node_1", True, 0.0, "node_evidence")
    assert [one["says"] for one in told["evidence"]] == ["It lied."] * 6
    assert told["checks"][0]["failures"] == 6


async def test_a_node_of_which_nothing_is_known(database: Database) -> None:
    """It stands as every new one does."""
    told = await answered(database, "127.0.0.1:8001")
    assert (told["quarantined"], told["factor"], told["checks"], told["evidence"]) == (False, 1.0, [], [])


async def test_a_pardon(database: Database) -> None:
    """It serves again, and its evidence stays; who was never accused cannot be pardoned."""
    told = await answered(database, "attic", method="POST")
    assert (told["quarantined"], told["factor"], len(told["evidence"])) == (False, 1.0, 6)
    with pytest.raises(NotFound):
        await answered(database, "stranger", method="POST")


async def test_it_is_the_operators(database: Database) -> None:
    """A client's key is told nothing."""
    for method in ("GET", "POST"):
        with pytest.raises(PermissionDenied):
            await answered(database, "attic", method=method, key=Key("client"))
