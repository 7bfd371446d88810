"""The check of finished answers."""

from __future__ import annotations

import pytest

from antiphon.errors import BadRequest, EngineFailed
from antiphon.structured.validate import check_understood, validate

PERSON = {"type": "object", "properties": {"born": {"type": "string", "format": "date"}}, "required": ["born"]}


def test_a_right_answer_passes() -> None:
    """Formats included."""
    validate('{"born": "2001-02-03"}', PERSON)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("{", "not JSON"),
        ("", "not JSON"),
        ('{"born": "2001-02-30"}', "at /born"),
        ("{}", "at /"),
        ("[" * 5000, "not JSON"),
    ],
)
def test_a_wrong_answer_is_the_engines_fault(text: str, why: str) -> None:
    """The error says where, and echoes nothing of the answer."""
    with pytest.raises(EngineFailed, match=why) as caught:
        validate(text, PERSON)
    assert "2001" not in caught.value.message


def test_nothing_is_ever_fetched() -> None:
    """References to other places are refused without a look at them."""
    for reference in ("http://127.0.0.1:9/x", "file:///etc/hostname"):
        with pytest.raises(BadRequest):
            check_understood({"$ref": reference}, param="schema")
