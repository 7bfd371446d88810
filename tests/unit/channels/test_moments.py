"""Times as text, and text as times that bound."""

from __future__ import annotations

import pytest

from antiphon.channels.moments import first_from, last_before, moment
from antiphon.errors import BadRequest

AT_MS = 1_773_403_200_000


def test_times_are_shown_to_the_millisecond() -> None:
    """Always with three digits, and a Z."""
    assert [moment(AT_MS + more) for more in (0, 7)] == ["2026-03-13T12:00:00.000Z", "2026-03-13T12:00:00.007Z"]
    assert last_before(moment(AT_MS + 7), "after") == first_from(moment(AT_MS + 7), "before") == AT_MS + 7


@pytest.mark.parametrize(
    ("text", "last", "first"),
    [
        ("2026-03-13T12:00:00Z", 0, 0),
        ("2026-03-13T12:00:00", 0, 0),
        ("2026-03-13T14:00:00.001+02:00", 1, 1),
        ("2026-03-13T12:00:00.0005Z", 0, 1),
        ("2026-03-13", -43_200_000, -43_200_000),
    ],
)
def test_times_between_milliseconds_bound_what_is_around_them(text: str, last: int, first: int) -> None:
    """So that nothing at either side is lost."""
    assert (last_before(text, "after") - AT_MS, first_from(text, "before") - AT_MS) == (last, first)


@pytest.mark.parametrize("text", ["", "yesterday", "1773403200", "2026-13-01T00:00:00Z", "0001-01-01T00:00:00+23:59"])
def test_what_is_no_time(text: str) -> None:
    """Is refused under the field's name."""
    with pytest.raises(BadRequest, match="ISO 8601") as refused:
        last_before(text, "after")
    assert refused.value.param == "after"
