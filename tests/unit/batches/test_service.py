"""What accounts do with batches: make, look at, list, cancel."""

from __future__ import annotations

import pytest

from antiphon.batches.service import Batches
from antiphon.clock import ManualClock
from antiphon.db import Database
from antiphon.errors import Conflict, NotFound
from antiphon.ids import seeded
from antiphon.interactions.paging import Paging
from tests.unit.batches.made import ANN, BOB, CHAT, NOW_MS, files_of, named

pytestmark = pytest.mark.parametrize("database_kind", ["sqlite"])  # the stores are tried on each


def batches_of(database: Database, made: list[None]) -> Batches:
    """The batches of a database; `made` grows with each that is new."""
    clock = ManualClock(NOW_MS / 1000)
    return Batches(database, per_account_max=2, clock=clock, ids=seeded(2), on_made=lambda: made.append(None))


async def test_a_batch_is_made_of_a_file(database: Database) -> None:
    """Of the account's own only, and only so many at once."""
    told: list[None] = []
    batches = batches_of(database, told)
    file = await files_of(database).add("ann", "f", named(1))
    kept = await batches.create(ANN, file.id, CHAT, {"team": "a"})
    assert (kept.batch.status, kept.batch.metadata, kept.batch.key_name) == ("validating", {"team": "a"}, "ann")
    assert len(told) == 1
    for key, file_id in ((BOB, file.id), (ANN, "file-0")):
        with pytest.raises(NotFound):
            await batches.create(key, file_id, CHAT, {})
    await batches.create(ANN, file.id, CHAT, {})
    with pytest.raises(Conflict):
        await batches.create(ANN, file.id, CHAT, {})
    assert len((await batches.page("ann", Paging())).items) == 2
    with pytest.raises(NotFound):
        await batches.get("bob", kept.batch.id)


async def test_a_batch_is_cancelled_once(database: Database) -> None:
    """To say it again changes nothing; nobody else can."""
    batches = batches_of(database, [])
    file = await files_of(database).add("ann", "f", named(1))
    batch_id = (await batches.create(ANN, file.id, CHAT, {})).batch.id
    with pytest.raises(NotFound):
        await batches.cancel("bob", batch_id)
    first = await batches.cancel("ann", batch_id)
    assert first.batch.status == "cancelling"
    assert await batches.cancel("ann", batch_id) == first
