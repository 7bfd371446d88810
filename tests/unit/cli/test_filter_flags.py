"""Flags that say which interactions are meant, as the query that the gateway reads."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from antiphon.cli.filter_flags import FilterFlags, query
from antiphon.clock import ManualClock
from antiphon.errors import ConfigError
from antiphon.interactions.listing import read_listing
from antiphon.interactions.model import Filter, LabelFilter, Rating
from antiphon.interactions.paging import Paging


def test_every_flag_has_its_field() -> None:
    """The gateway reads what was meant."""
    flags = FilterFlags(
        project=("p", "q"),
        model=("a/b:c",),
        label=("env=prod", "env=test", "team"),
        tag=("x y",),
        session="s/1?",
        user="é",
        source="LIVE",
        campaign="c",
        variant=("v",),
        metric="helpful",
        value_min=0.5,
        value_max=1.0,
        account="ann",
        since=datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC),
        until=datetime(2023, 11, 15, 0, 13, 20, tzinfo=timezone(timedelta(hours=1))),
    )
    listing = read_listing(query(flags, limit=7, after=None)[1:], str)
    assert listing.paging == Paging(limit=7)
    assert listing.wanted == Filter(
        projects=("p", "q"),
        models=("a/b:c",),
        labels=(LabelFilter("env", ("prod", "test")), LabelFilter("team")),
        tags=("x y",),
        session_id="s/1?",
        user="é",
        source="LIVE",
        campaign="c",
        variants=("v",),
        from_ms=1_700_000_000_000,
        to_ms=1_700_003_600_000,
        rating=Rating("helpful", 0.5, 1.0),
    )
    assert listing.account == "ann"


def test_an_age_is_a_time() -> None:
    """Before which; to say it twice could mean two."""
    clock = ManualClock(100_000.0)
    assert query(FilterFlags(older_than="1d"), clock=clock) == "?to_ms=13600000"
    with pytest.raises(ConfigError, match="--older-than"):
        query(FilterFlags(older_than="1d", until=datetime(2026, 1, 1, tzinfo=UTC)))


def test_nothing_is_nothing() -> None:
    """No question mark without a question."""
    assert query(FilterFlags()) == ""


@pytest.mark.parametrize("zone", [None, UTC])
def test_a_time_without_a_zone_is_utc(zone: timezone | None) -> None:
    """Wherever the command runs."""
    assert query(FilterFlags(since=datetime(1970, 1, 1, 0, 0, 1, tzinfo=zone))) == "?from_ms=1000"
