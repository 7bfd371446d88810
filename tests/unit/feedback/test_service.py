"""Feedback and outcomes: found at once, revised, refused with the reason."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from antiphon.clock import ManualClock
from antiphon.db import Database
from antiphon.errors import BadRequest, NotFound
from antiphon.feedback.service import Feedbacks, Given
from antiphon.ids import Ids
from antiphon.interactions.model import Filter, Reach
from antiphon.interactions.patience import Patience
from antiphon.interactions.service import Interactions
from antiphon.projects.model import Project
from tests.unit.feedback.said import LIKED, STARS
from tests.unit.interactions.stored import ANN, BOB, NOW_MS, keep, row, uuid

PROJECT = Project("p", "project", "Project")


async def test_feedback_right_after_the_answer(interactions: Interactions, feedbacks: Feedbacks) -> None:
    """It waits for the row, which is still on its way."""
    interactions.record([row(1)])
    feedback_id = await feedbacks.give(ANN, uuid(1).upper(), Given(metric="liked", value=True, reason="Style"))
    (found,) = await feedbacks.of("ann", [uuid(1)])
    assert (found.id, found.metric_id, found.value, found.reason) == (feedback_id, LIKED, 1.0, "Style")
    assert (found.created_at_ms, found.recorded_at_ms) == (NOW_MS, NOW_MS)


async def test_feedback_is_revised(interactions: Interactions, feedbacks: Feedbacks, clock: ManualClock) -> None:
    """The last word of a user counts, and the others are history; another user's word is another one."""
    interactions.record([row(1)])
    said: list[tuple[float, str | None]] = [(1, "u"), (0, "u"), (1, "w"), (1, None), (0, None)]
    ids = []
    for value, user in said:
        clock.advance(1)
        ids.append(await feedbacks.give(ANN, uuid(1), Given(metric="liked", value=value, user=user)))
    assert len(set(ids)) == 5
    assert [(one.id, one.user) for one in await feedbacks.of("ann", [uuid(1)])] == [
        (ids[1], "u"),
        (ids[2], "w"),
        (ids[4], None),
    ]
    assert [one.id for one in await feedbacks.history("ann", uuid(1))] == ids


async def test_feedback_that_is_repeated_changes_nothing(
    interactions: Interactions, feedbacks: Feedbacks, clock: ManualClock
) -> None:
    """As when a client tries again after a lost answer: the same id."""
    interactions.record([row(1)])
    given = Given(metric=STARS, value=4.5, user="u", details="Good.")
    first = await feedbacks.give(ANN, uuid(1), given)
    clock.advance(60)
    assert await feedbacks.give(ANN, uuid(1), given) == first
    assert len(await feedbacks.history("ann", uuid(1))) == 1


async def test_feedback_that_comes_late(interactions: Interactions, feedbacks: Feedbacks, clock: ManualClock) -> None:
    """What was said before the word that stands is history; without a time of its own nothing is late."""
    given = [
        Given(metric="stars", value=2, created_at_ms=NOW_MS - 5),
        Given(metric="stars", value=1, created_at_ms=NOW_MS - 9),
    ]
    first, _ = await feedbacks.add(row(1), given)
    assert [one.id for one in await feedbacks.of("ann", [uuid(1)])] == [first]
    assert len(await feedbacks.history("ann", uuid(1))) == 2
    clock.advance(-1)  # another gateway's, a little behind
    last = await feedbacks.give(ANN, uuid(1), Given(metric="stars", value=3))
    assert [one.id for one in await feedbacks.of("ann", [uuid(1)])] == [last]


async def test_another_gateways_row_is_waited_for(
    database: Database, interactions: Interactions, clock: ManualClock
) -> None:
    """It comes some milliseconds behind the answer, and feedback may be quicker."""
    patient = Feedbacks(database, interactions, clock=clock, ids=Ids(), patience=Patience((0.01,) * 300))
    giving = asyncio.create_task(patient.give(ANN, uuid(1), Given(metric="liked", value=1)))
    concluding = asyncio.create_task(patient.conclude(ANN, PROJECT, "s", Given(metric="liked", value=1)))
    await asyncio.sleep(0)
    await keep(database, row(1, session_id="s"))
    feedback_id, outcome_id = await giving, await concluding
    assert [one.id for one in await patient.of("ann", [uuid(1)])] == [feedback_id]
    assert [one.id for one in await patient.outcomes("ann", "s")] == [outcome_id]


async def test_feedback_that_cannot_be(interactions: Interactions, feedbacks: Feedbacks) -> None:
    """Each refusal names the field, and nothing is kept."""
    interactions.record([row(1, project_id="p")])
    liked = Given(metric="liked", value=1)
    cases: list[tuple[Reach, str, Given, type[Exception], str]] = [
        (ANN, "chatcmpl-1", liked, BadRequest, "^completion_id: "),
        (ANN, uuid(2), liked, NotFound, "store: false"),
        (BOB, uuid(1), liked, NotFound, "store: false"),
        (Reach("ann", ("q",)), uuid(1), liked, NotFound, "store: false"),
        (ANN, uuid(1), Given(metric="other", value=1), NotFound, "^The metric 'other'"),
        (ANN, uuid(1), Given(metric="liked", value=2), BadRequest, "^value: "),
        (ANN, uuid(1), Given(metric="stars", value=True), BadRequest, "^value: "),
    ]
    for reach, completion_id, given, error, words in cases:
        with pytest.raises(error, match=words):
            await feedbacks.give(reach, completion_id, given)
    assert await feedbacks.history("ann", uuid(1)) == ()


async def test_an_interaction_comes_with_its_feedback(interactions: Interactions, feedbacks: Feedbacks) -> None:
    """All or nothing; the time of feedback is the one that it was given at."""
    given = [Given(metric="liked", value=1), Given(metric="stars", value=3, created_at_ms=5)]
    ids = await feedbacks.add(row(1, source="OFFLINE"), given)
    found = await feedbacks.of("ann", [uuid(1)])
    assert {one.id for one in found} == set(ids)
    assert sorted(one.created_at_ms for one in found) == [5, NOW_MS]
    for bad, words in (
        (Given(metric="other", value=1), "^The metric 'other'"),
        (Given(metric="liked", value=5), r"^feedbacks\[1\]\.value: "),
    ):
        with pytest.raises((BadRequest, NotFound), match=words) as refused:
            await feedbacks.add(row(2), [given[0], bad])
        assert str(refused.value.param).startswith("feedbacks[1].")
    assert await interactions.count(ANN, Filter()) == 1


async def test_a_session_has_an_outcome(interactions: Interactions, feedbacks: Feedbacks, clock: ManualClock) -> None:
    """As soon as it has a turn; the last word of a user counts."""
    interactions.record([row(1, session_id="s")])
    await feedbacks.conclude(ANN, PROJECT, "s", Given(metric="stars", value=1))
    clock.advance(1)
    last = await feedbacks.conclude(ANN, PROJECT, "s", Given(metric="stars", value=2))
    (found,) = await feedbacks.outcomes("ann", "s")
    assert (found.id, found.value, found.project_id, found.session_id) == (last, 2.0, "p", "s")


async def test_an_outcome_that_cannot_be(interactions: Interactions, feedbacks: Feedbacks) -> None:
    """Of no stored turn, of somebody else's, by no metric, with no value of it."""
    interactions.record([row(1, session_id="s")])
    stars = Given(metric="stars", value=1)
    cases: list[tuple[Callable[[], Awaitable[str]], type[Exception], str]] = [
        (lambda: feedbacks.conclude(ANN, PROJECT, "other", stars), NotFound, "session 'other' has no stored turns"),
        (lambda: feedbacks.conclude(BOB, PROJECT, "s", stars), NotFound, "metric 'stars'"),
        (lambda: feedbacks.conclude(ANN, PROJECT, "s", Given(metric="x", value=1)), NotFound, "metric 'x'"),
        (lambda: feedbacks.conclude(ANN, PROJECT, "s", Given(metric="liked", value=9)), BadRequest, "^value: "),
    ]
    for conclude, error, words in cases:
        with pytest.raises(error, match=words):
            await conclude()
    with pytest.raises(NotFound, match="session 's' has no stored turns"):
        await feedbacks.conclude(BOB, PROJECT, "s", Given(metric="liked", value=1))
