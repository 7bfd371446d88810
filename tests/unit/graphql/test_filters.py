"""Filters and pages of the schema as those of the stores."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec import convert

from antiphon.errors import BadRequest
from antiphon.graphql.filters import CONDITIONS_MAX, NOBODY, Part, part, part_of_group, part_of_groups, wanted
from antiphon.graphql.inputs import CompletionFilter, CursorPage, Expression, OrderPair
from antiphon.interactions.group_store import GroupPaging
from antiphon.interactions.model import Filter, LabelFilter, Rating
from antiphon.interactions.paging import Paging, Position, cursor

PLACE = Position(5, "x")


def narrowed(*conditions: dict[str, Any], **simple: Any) -> Filter:  # Any: fields of several types
    """The filter of conditions that must hold together, or of the plain fields."""
    advanced = {"and_": list(conditions)} if conditions else None
    given = convert({"project": "p", "advanced_filter": advanced, **simple}, CompletionFilter)
    return wanted(given, "id-of-p", lambda name: {"eye": "seeing"}.get(name, name))


@pytest.mark.parametrize(
    ("condition", "fields"),
    [
        ({"model": {"in_": ["eye", "m", "m"]}}, {"models": ("seeing", "m")}),
        ({"model": {"eq": "m"}}, {"models": ("m",)}),
        ({"label": {"key": "a", "value": {"in_": ["1", "2"]}}}, {"labels": (LabelFilter("a", ("1", "2")),)}),
        ({"label": {"key": "a"}}, {"labels": (LabelFilter("a"),)}),
        ({"timerange": {"from_": 3, "to": 9}}, {"from_ms": 3, "to_ms": 9}),
        ({"session_id": "s"}, {"session_id": "s"}),
        ({"completion_id": "c"}, {"completion_ids": ("c",)}),
        ({"prompt_hash": {"eq": "h"}}, {"prompt_hash": "h"}),
        ({"created_by": {"eq": "u"}}, {"user": "u"}),
        ({"source": "OFFLINE"}, {"source": "OFFLINE"}),
        ({"scores": {"metric": "liked"}}, {"rating": Rating("liked")}),
        ({"scores": {"metric": "liked", "value": {"eq": 1}}}, {"rating": Rating("liked", 1, 1)}),
        ({"scores": {"metric": "stars", "value": {"gte": 2, "lte": 4}}}, {"rating": Rating("stars", 2, 4)}),
        ({"source": "DATASET"}, {"completion_ids": NOBODY}),
        ({}, {}),
        ({"and_": [{"session_id": "s"}, {"and_": [{"source": "LIVE"}]}]}, {"session_id": "s", "source": "LIVE"}),
    ],
)
def test_one_condition(condition: dict[str, Any], fields: dict[str, Any]) -> None:
    """Says one thing of the filter; the project always stands."""
    assert narrowed(condition) == Filter(projects=("id-of-p",), **fields)


def test_several_conditions_hold_together() -> None:
    """Times and lists are narrowed; what nothing can fit finds nothing; of sources one is enough."""
    times = narrowed({"timerange": {"from_": 3, "to": 9}}, {"timerange": {"from_": 5, "to": 12}})
    assert (times.from_ms, times.to_ms) == (5, 9)
    assert narrowed({"model": {"in_": ["a", "b"]}}, {"model": {"in_": ["b", "c"]}}).models == ("b",)
    assert narrowed({"session_id": "a"}, {"session_id": "b"}).completion_ids == NOBODY
    assert narrowed({"model": {"in_": []}}).completion_ids == NOBODY
    assert narrowed({"source": "LIVE"}, {"source": "OFFLINE"}).source is None
    assert narrowed({"source": "LIVE"}, {"source": "DATASET"}).source == "LIVE"


def test_plain_fields_say_the_same() -> None:
    """Unless there is an advanced filter, which takes their place."""
    plain = narrowed(
        models=["eye"], labels=[{"key": "a", "value": ["1"]}, {"key": "b"}], source=["LIVE"], session_id="s",
        created_by="u", prompt_hash="h", completion_id="c", timerange={"from_": 1, "to": 2},
    )  # fmt: skip
    assert plain == Filter(
        projects=("id-of-p",), models=("seeing",), labels=(LabelFilter("a", ("1",)), LabelFilter("b")), source="LIVE",
        session_id="s", user="u", prompt_hash="h", completion_ids=("c",), from_ms=1, to_ms=2,
    )  # fmt: skip
    assert narrowed({"source": "LIVE"}, models=["m"]).models == ()


@pytest.mark.parametrize(
    "condition",
    [
        {"model": {"eq": "a", "in_": ["b"]}},
        {"model": {"in_": ["a"] * 257}},
        {"prompt_hash": {"in_": ["a", "b"]}},
        {"label": {"key": "a", "value": {"eq": "\0"}}},
        {"label": {"key": "\0"}},
        {"scores": {"metric": "a", "value": {"eq": 1, "lte": 2}}},
        {"scores": {"metric": "a"}, "and_": [{"scores": {"metric": "b"}}]},
        {"and_": [{}] * CONDITIONS_MAX},
    ],
)
def test_conditions_that_are_refused(condition: dict[str, Any]) -> None:
    """With the field and the rule."""
    with pytest.raises(BadRequest, match="filter: "):
        narrowed(condition)


def test_parts_of_a_list() -> None:
    """Forwards, backwards, and in both directions of time."""
    at = cursor(PLACE)
    assert part(CursorPage(), None) == Part(Paging())
    assert part(CursorPage(first=3, after=at), [OrderPair("created_at", "ASC")]) == Part(Paging(PLACE, 3, "asc"))
    assert part(CursorPage(last=3, before=at), None) == Part(Paging(PLACE, 3, "asc"), backwards=True)
    assert part(CursorPage(last=3), [OrderPair("created_at", "ASC")]) == Part(Paging(None, 3, "desc"), backwards=True)


def test_parts_of_a_list_of_groups() -> None:
    """By their keys; a cursor of groups says nothing of the completions in one."""
    assert part_of_groups(CursorPage(), []) == GroupPaging(50)
    assert part_of_groups(CursorPage(first=2, after="group:m"), [OrderPair("group", "DESC")]) == GroupPaging(
        2, "m", "desc"
    )
    assert part_of_group(CursorPage(first=99, after="group:m"), None, 20) == Part(Paging(None, 20))
    assert part_of_group(CursorPage(first=9, after=cursor(PLACE)), None, 20) == Part(Paging(PLACE, 9))


@pytest.mark.parametrize(
    "page", [{"first": 0}, {"first": 201}, {"first": 1, "last": 1}, {"before": cursor(PLACE)}, {"after": "group:m"}]
)
def test_parts_that_are_refused(page: dict[str, Any]) -> None:
    """Nothing is cut down to what is allowed."""
    with pytest.raises(BadRequest):
        part(CursorPage(**page), None)


def test_parts_of_groups_that_are_refused() -> None:
    """Backwards, and by cursors of something else."""
    for page in (
        CursorPage(last=1),
        CursorPage(before="group:m"),
        CursorPage(after=cursor(PLACE)),
        CursorPage(after="group:\0"),
    ):
        with pytest.raises(BadRequest, match="page: "):
            part_of_groups(page, None)


@pytest.mark.parametrize(
    "order", [[OrderPair("model", "ASC")], [OrderPair("created_at", "ASC"), OrderPair("created_at", "DESC")]]
)
def test_orders_that_are_refused(order: list[OrderPair]) -> None:
    """By a field that no index has, or by two."""
    with pytest.raises(BadRequest, match="created_at"):
        part(CursorPage(), order)


def test_an_empty_expression_says_nothing() -> None:
    """It is what a client sends that knows no filter."""
    assert wanted(CompletionFilter("p", advanced_filter=Expression()), "i", str) == Filter(projects=("i",))
