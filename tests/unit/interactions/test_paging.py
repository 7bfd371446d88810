"""Cursors: what a list gave comes back as it was, and nothing else does."""

from __future__ import annotations

from base64 import urlsafe_b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.errors import BadRequest
from antiphon.interactions.paging import Position, cursor, position

IDS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=256)


@given(st.integers(0, 2**63 - 1), IDS)
def test_a_cursor_comes_back(at_ms: int, name: str) -> None:
    """Whatever the row's time and id are; it goes into an address as it is."""
    text = cursor(Position(at_ms, name))
    assert text.replace("-", "").replace("_", "").isalnum()
    assert position(text, "after") == Position(at_ms, name)


@given(st.text(max_size=40) | st.binary(max_size=40).map(lambda data: urlsafe_b64encode(data).decode()))
def test_nonsense_is_refused(text: str) -> None:
    """Nothing but BadRequest, with the field's name."""
    try:
        assert isinstance(position(text, "after"), Position)
    except BadRequest as refused:
        assert refused.param == "after"


@pytest.mark.parametrize(
    "value", ['[-1,"a"]', '["a",1]', "[1]", '{"at_ms":1}', '[1,"\\u0000"]', "[99999999999999999999,1]"]
)
def test_impossible_positions_are_refused(value: str) -> None:
    """Well-formed, and yet from no list."""
    with pytest.raises(BadRequest, match="not a cursor"):
        position(urlsafe_b64encode(value.encode()).decode(), "after")


def test_a_long_text_is_not_even_read() -> None:
    """There is a bound."""
    with pytest.raises(BadRequest):
        position("A" * 5000, "after")
