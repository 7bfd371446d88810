"""Parts of an account's history: cursors that come back, queries that are refused by field."""

from __future__ import annotations

import pytest

from antiphon.credits.paging import LIMIT_DEFAULT, LIMIT_MAX, Part, cursor, read_part
from antiphon.credits.store import NUMBER_MAX
from antiphon.errors import BadRequest


def test_nothing_asks_for_the_beginning() -> None:
    """The latest journals, as many as usual."""
    assert read_part("") == Part(NUMBER_MAX, LIMIT_DEFAULT)


@pytest.mark.parametrize("number", [0, 1, 77, NUMBER_MAX])
def test_a_cursor_comes_back(number: int) -> None:
    """What a list gave says where to go on."""
    assert read_part(f"limit={LIMIT_MAX}&after={cursor(number)}") == Part(number, LIMIT_MAX)


@pytest.mark.parametrize(
    ("query", "param"),
    [
        ("limit=0", "limit"),
        (f"limit={LIMIT_MAX + 1}", "limit"),
        ("limit=-1", "limit"),
        ("limit=", "limit"),
        ("limit=1&limit=2", "limit"),
        ("after=", "after"),
        ("after=x", "after"),
        ("after=%C3%A9", "after"),
        ("after=" + "A" * 100, "after"),
        ("after=Wy0xXQ", "after"),  # [-1]
        ("after=WyJhIl0", "after"),  # ["a"]
        ("order=asc", None),
        ("limit=%FF", None),
        ("&".join(f"f{number}=1" for number in range(99)), None),
    ],
)
def test_what_is_wrong_is_named(query: str, param: str | None) -> None:
    """The field, where it is one that is known."""
    with pytest.raises(BadRequest) as caught:
        read_part(query)
    assert caught.value.param == param
