"""Comparisons: of stored completions, of written ones, of one of each; always of one prompt."""

from __future__ import annotations

from typing import Any

import pytest

from antiphon.chat import Message
from antiphon.errors import BadRequest, NotFound
from antiphon.feedback.comparing import Comparisons, Preference, Written
from antiphon.interactions.model import Filter, Reach
from antiphon.interactions.paging import Paging
from antiphon.interactions.service import Interactions
from antiphon.projects.model import Project
from tests.unit.interactions.stored import ANN, ASKED, BOB, row, uuid

PROJECT = Project("p", "project", "Project")
ELSE = (Message("user", "Something else"),)


def preference(preferred: str | Written, other: str | Written, **changes: Any) -> Preference:  # Any: fields
    """A comparison by the metric `liked`."""
    fields: dict[str, Any] = {"metric": "liked", "project": PROJECT, "preferred": preferred, "other": other}
    return Preference(**(fields | changes))


async def test_stored_completions_are_compared(interactions: Interactions, comparisons: Comparisons) -> None:
    """Right after their answers."""
    interactions.record([row(1, project_id="p"), row(2)])
    comparison_id = await comparisons.compare(ANN, preference(uuid(1), uuid(2).upper(), tied="good", user="u"))
    (found,) = await comparisons.of("ann", [uuid(1)])
    assert (found.id, found.preferred_id, found.other_id) == (comparison_id, uuid(1), uuid(2))
    assert (found.tied, found.user, found.project_id) == ("good", "u", "p")
    assert await comparisons.of("ann", [uuid(2)]) == (found,)
    assert await comparisons.of("bob", [uuid(2)]) == ()


async def test_written_completions_are_kept(interactions: Interactions, comparisons: Comparisons) -> None:
    """As interactions of their own, with the prompt that was given."""
    await comparisons.compare(ANN, preference(Written("Yes.", "m1"), Written("No.", "m2"), messages=ASKED))
    rows = (await interactions.page(ANN, Filter(source="OFFLINE"), Paging())).items
    assert {(one.completion.text, one.model, one.project_id) for one in rows} == {
        ("Yes.", "m1", "p"),
        ("No.", "m2", "p"),
    }
    assert {one.messages for one in rows} == {ASKED}
    (found,) = await comparisons.of("ann", [one.completion_id for one in rows])
    assert {found.preferred_id, found.other_id} == {one.completion_id for one in rows}


async def test_a_stored_and_a_written_one_are_compared(interactions: Interactions, comparisons: Comparisons) -> None:
    """The written one's prompt need not repeat a system prompt."""
    interactions.record([row(1)])
    for messages in (ASKED, ASKED[1:]):
        await comparisons.compare(ANN, preference(uuid(1), Written("No.", "m2"), messages=messages))
    assert len(await comparisons.of("ann", [uuid(1)])) == 2


REFUSED: list[tuple[Preference, type[Exception], str]] = [
    (preference(uuid(1), uuid(1)), BadRequest, "^other_completion: expected another"),
    (preference(uuid(1), uuid(3)), BadRequest, "^other_completion: expected one of the same prompt"),
    (preference(uuid(1), uuid(4)), BadRequest, "^other_completion: belongs to another project"),
    (preference(uuid(1), uuid(9)), NotFound, "completion .* is not stored"),
    (preference(uuid(5), uuid(1)), NotFound, "completion .* is not stored"),
    (preference("chatcmpl-1", uuid(1)), BadRequest, "^preferred_completion: expected the `completion_id`"),
    (preference(uuid(1), Written("x", "m")), BadRequest, "^messages: required"),
    (preference(uuid(1), Written("x", "m"), messages=ELSE), BadRequest, "same prompt"),
    (preference(uuid(1), uuid(2), metric="other"), NotFound, "metric 'other'"),
]


async def test_what_cannot_be_compared(interactions: Interactions, comparisons: Comparisons) -> None:
    """The refusal names the side that is wrong, and nothing is kept."""
    interactions.record([row(1), row(2), row(3, messages=ELSE), row(4, project_id="q"), row(5, account="bob")])
    for given, error, words in REFUSED:
        with pytest.raises(error, match=words):
            await comparisons.compare(ANN, given)
    assert await comparisons.of("ann", [uuid(number) for number in range(1, 6)]) == ()
    assert await interactions.count(ANN, Filter(source="OFFLINE")) == 0


async def test_a_foreign_completion_is_like_none(interactions: Interactions, comparisons: Comparisons) -> None:
    """For another account, and for a key that is limited to other projects."""
    interactions.record([row(1), row(2), row(3, account="bob")])
    told = set()
    for reach, preferred in ((BOB, 1), (BOB, 77), (Reach("ann", ("q",)), 1)):
        with pytest.raises(NotFound) as refused:
            await comparisons.compare(reach, preference(uuid(preferred), uuid(3)))
        told.add(refused.value.message.replace(uuid(preferred), "ID"))
    assert len(told) == 1
