"""The schema's own scalars: what each takes, and what it refuses."""

from __future__ import annotations

import math
from typing import Any

import pytest

from antiphon.graphql.scalars import SCALARS

ID = "00000000-0000-4000-8000-00000000000A"


@pytest.mark.parametrize(
    ("scalar", "given", "taken"),
    [
        ("IdOrKey", "spring", "spring"),
        ("UUID", ID, ID.lower()),
        ("Score", True, True),
        ("Score", 2, 2),
        ("Score", -0.5, -0.5),
        ("Moment", 1_700_000_000_000, 1_700_000_000_000),
        ("Moment", "1700000000000", 1_700_000_000_000),
        ("Moment", "2023-11-14T22:13:20Z", 1_700_000_000_000),
        ("Moment", "2023-11-14T22:13:20", 1_700_000_000_000),
        ("Moment", 5.7, 5),
    ],
)
def test_what_is_taken(scalar: str, given: Any, taken: object) -> None:  # Any: JSON
    """In its usual form."""
    assert SCALARS[scalar](given) == taken


@pytest.mark.parametrize(
    ("scalar", "given"),
    [
        ("IdOrKey", ""),
        ("IdOrKey", "a\0b"),
        ("IdOrKey", "a" * 257),
        ("IdOrKey", 1),
        ("UUID", "00000000"),
        ("UUID", None),
        ("Score", "1"),
        ("Score", math.inf),
        ("Moment", "yesterday"),
        ("Moment", -1),
        ("Moment", True),
        ("Moment", 2**53),
        ("Moment", [1]),
    ],
)
def test_what_is_refused(scalar: str, given: Any) -> None:  # Any: as above
    """With a rule as the message."""
    with pytest.raises(ValueError, match="Expected"):
        SCALARS[scalar](given)
