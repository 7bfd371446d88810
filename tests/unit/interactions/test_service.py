"""What is done with interactions: a row is found as soon as it was recorded."""

from __future__ import annotations

import pytest

from antiphon.chat import Image, Message
from antiphon.errors import NotFound
from antiphon.interactions import service as service_module
from antiphon.interactions.model import Filter, kept_rows
from antiphon.interactions.paging import Paging
from antiphon.interactions.service import Interactions
from tests.unit.interactions.stored import ANN, BOB, row, uuid


async def test_what_was_recorded_is_found_at_once(interactions: Interactions) -> None:
    """By its id, in lists and in counts, without waiting in between."""
    interactions.record([row(1)])
    assert await interactions.get(ANN, uuid(1)) == kept_rows([row(1)])[0]
    interactions.record([row(2)])
    assert [one.completion_id for one in (await interactions.page(ANN, Filter(), Paging())).items] == [uuid(2), uuid(1)]
    interactions.record([row(3)])
    assert await interactions.count(ANN, Filter()) == 3


async def test_what_was_recorded_is_deleted(interactions: Interactions) -> None:
    """Also when it was still on its way: it does not come back."""
    interactions.record([row(1)])
    await interactions.delete(ANN, uuid(1))
    interactions.record([row(2), row(3)])
    assert await interactions.delete_all(ANN, Filter(models=("m",))) == 2
    assert await interactions.count(ANN, Filter()) == 0


async def test_what_is_added_is_there(interactions: Interactions) -> None:
    """An image leaves a placeholder, as in what is recorded."""
    added = await interactions.add(row(1, messages=(Message("user", (Image("data:image/png;base64,AAAA"),)),)))
    assert "stored-image" in str(added.messages)
    assert await interactions.get(ANN, uuid(1)) == added


async def test_a_foreign_id_is_like_none(interactions: Interactions) -> None:
    """The refusal has the same words but for the id."""
    interactions.record([row(1)])
    for action in (interactions.get, interactions.delete):
        told = []
        for reach, number in ((BOB, 1), (ANN, 2)):
            with pytest.raises(NotFound) as refused:
                await action(reach, uuid(number))
            told.append(refused.value.message.replace(uuid(number), "ID"))
        assert told == ["The completion 'ID' is not stored."] * 2
    assert await interactions.count(ANN, Filter()) == 1


async def test_all_are_deleted_in_parts(interactions: Interactions, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many there are."""
    monkeypatch.setattr(service_module, "DELETED_TOGETHER", 3)
    interactions.record([row(number) for number in range(10)])
    interactions.record([row(20, account="bob")])
    assert await interactions.delete_all(ANN, Filter(models=("m",))) == 10
    assert await interactions.count(BOB, Filter()) == 1
