"""The completion that feedback is about, or the reason why there is none."""

from __future__ import annotations

import functools

import pytest

from antiphon.db import Database
from antiphon.errors import BadRequest, NotFound
from antiphon.feedback.lookup import completion, stored
from tests.unit.interactions.stored import ANN, BOB, keep, row, uuid


@pytest.mark.parametrize("name", ["chatcmpl-1", "gen-3f9a", "nugen-1", "", "x" * 36, uuid(1) + "0", " " + uuid(1)])
def test_the_id_of_an_answer_is_refused(name: str) -> None:
    """In a sentence that says which id is meant."""
    with pytest.raises(BadRequest, match="^completion_id: expected the `completion_id` of a choice"):
        completion(name, "completion_id")


def test_an_id_has_one_spelling() -> None:
    """Capitals mean the same."""
    assert completion(uuid(1).upper(), "completion_id") == uuid(1)


async def test_a_stored_completion_is_found(database: Database) -> None:
    """By its own account; for another it is as if there were none."""
    await keep(database, row(1))
    found = await database.read(lambda connection: stored(connection, ANN, uuid(1), "completion_id"))
    assert found.completion_id == uuid(1)
    told = []
    for reach, number in ((BOB, 1), (ANN, 2)):
        with pytest.raises(NotFound) as refused:
            await database.read(
                functools.partial(stored, reach=reach, completion_id=uuid(number), param="completion_id")
            )
        told.append(refused.value.message.replace(uuid(number), "ID"))
    assert told[0] == told[1]
    assert told[0].startswith("The completion 'ID' is not stored: ")
    assert "`store: false`" in told[0]


async def test_an_answer_id_that_looks_like_one_is_recognised(database: Database) -> None:
    """By its own account: a door may give answers UUIDs too."""
    await keep(database, row(1, answer_id=uuid(50)))
    with pytest.raises(BadRequest, match="`id` of an answer"):
        await database.read(lambda connection: stored(connection, ANN, uuid(50), "completion_id"))
    with pytest.raises(NotFound):
        await database.read(lambda connection: stored(connection, BOB, uuid(50), "completion_id"))
