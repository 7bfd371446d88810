"""The query of a list: every field has its effect, and what is wrong is named."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.errors import BadRequest
from antiphon.interactions.listing import FILTERS, PAGING, Listing, Meant, read_filter, read_listing, read_paging
from antiphon.interactions.model import Filter, LabelFilter, Rating
from antiphon.interactions.paging import LIMIT_DEFAULT, Paging, Position, cursor

HASH = "a" * 64


def listing(query: str) -> Listing:
    """What a query asks for; a project's id is its name in capitals."""
    return read_listing(query, str.upper)


def test_nothing_is_everything() -> None:
    """The newest first."""
    assert listing("") == Listing(Filter(), Paging(None, LIMIT_DEFAULT, "desc"), counted=False)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("project=p&project=q", Filter(projects=("P", "Q"))),
        ("model=qwen3.5%3A9b&model=a/b", Filter(models=("qwen3.5:9b", "a/b"))),
        ("label=env%3Dprod", Filter(labels=(LabelFilter("env", ("prod",)),))),
        (
            "label=env=prod&label=team=a&label=env=test",
            Filter(labels=(LabelFilter("env", ("prod", "test")), LabelFilter("team", ("a",)))),
        ),
        ("label=env=", Filter(labels=(LabelFilter("env", ("",)),))),
        ("label=a=b=c", Filter(labels=(LabelFilter("a", ("b=c",)),))),
        ("label=env", Filter(labels=(LabelFilter("env"),))),
        ("label=env=prod&label=env", Filter(labels=(LabelFilter("env"),))),
        ("label=env&label=env=prod", Filter(labels=(LabelFilter("env"),))),
        ("tag=a&tag=b+c", Filter(tags=("a", "b c"))),
        ("session_id=s%2F1&user=ann", Filter(session_id="s/1", user="ann")),
        ("from_ms=1&to_ms=2", Filter(from_ms=1, to_ms=2)),
        ("source=OFFLINE", Filter(source="OFFLINE")),
        (f"prompt_hash={HASH}", Filter(prompt_hash=HASH)),
        ("completion_id=a&completion_id=b", Filter(completion_ids=("a", "b"))),
        ("campaign=c&variant=v&variant=w", Filter(campaign="c", variants=("v", "w"))),
        ("user=%C3%A9", Filter(user="é")),
        ("metric=m", Filter(rating=Rating("m"))),
        ("metric=m&value_min=0.5&value_max=-1e3", Filter(rating=Rating("m", 0.5, -1000.0))),
    ],
)
def test_filters(query: str, expected: Filter) -> None:
    """The same in a list and in what is deleted."""
    assert listing(query).wanted == expected
    assert read_filter(query, str.upper) == Meant(expected)


def test_paging() -> None:
    """A cursor, a limit and a direction."""
    after = Position(5, "a")
    expected = Paging(after, 7, "asc")
    assert read_paging(f"after={cursor(after)}&limit=7&order=asc", "desc") == expected
    assert listing(f"after={cursor(after)}&limit=7&order=asc&count=true") == Listing(Filter(), expected, counted=True)
    assert read_paging("order=desc", "asc").order == "desc"
    assert read_paging("", "asc").order == "asc"


@pytest.mark.parametrize(
    ("query", "param"),
    [
        ("limit=0", "limit"),
        ("limit=201", "limit"),
        ("limit=-1", "limit"),
        ("limit=1.0", "limit"),
        ("limit=%D9%A1", "limit"),
        ("from_ms=x", "from_ms"),
        ("to_ms=9999999999999999999", "to_ms"),
        ("order=up", "order"),
        ("value_min=1", "metric"),
        ("metric=m&value_min=nan", "value_min"),
        ("metric=m&value_max=one", "value_max"),
        ("count=1", "count"),
        ("source=live", "source"),
        ("prompt_hash=a", "prompt_hash"),
        ("after=nonsense", "after"),
        ("label==v", "label"),
        ("user=a&user=b", "user"),
        ("user=", "user"),
        ("user=%00", "user"),
        ("user=" + "a" * 513, "user"),
        ("users=a", None),
        ("%ff=1", None),
        ("user=%ff", None),
        ("&".join(f"tag={number}" for number in range(200)), None),
    ],
)
def test_what_is_wrong_is_named(query: str, param: str | None) -> None:
    """With the field and the rule."""
    with pytest.raises(BadRequest) as refused:
        listing(query)
    assert refused.value.param == param


def test_deleting_takes_a_filter() -> None:
    """Saying nothing does not mean everything, and paging means nothing here."""
    for query in ("", "limit=5"):
        with pytest.raises(BadRequest):
            read_filter(query, str.upper)


NAMES = st.sampled_from(sorted(FILTERS | PAGING | {"count"}))


@given(st.lists(st.tuples(NAMES, st.text("a=1-%&+é\0", max_size=4)), max_size=5))
def test_any_query_is_read_or_refused(pairs: list[tuple[str, str]]) -> None:
    """Nothing but BadRequest comes out of it."""
    with contextlib.suppress(BadRequest):
        listing("&".join(f"{name}={value}" for name, value in pairs))
