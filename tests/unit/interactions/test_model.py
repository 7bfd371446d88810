"""Rules of interactions that need no database."""

from __future__ import annotations

import pytest

from antiphon.chat import Image, Message
from antiphon.errors import BadRequest
from antiphon.interactions.messages import prompt_hash
from antiphon.interactions.model import LABELS_MAX, check_labels, kept_rows, searchable
from tests.unit.interactions.stored import row, uuid


def test_rows_are_made_ready() -> None:
    """Images become placeholders, the prompt gets its hash, an answer without an id the completion's."""
    seen = (Message("user", (Image("data:image/png;base64,AAAA"),)),)
    first, second, plain = kept_rows([row(1, messages=seen), row(2, messages=seen, answer_id=""), row(3)])
    assert first.messages is second.messages
    assert first.prompt_hash == second.prompt_hash == prompt_hash(first.messages) != plain.prompt_hash
    assert "stored-image:" in str(first.messages)
    assert (first.answer_id, second.answer_id) == ("chatcmpl-1", uuid(2))


@pytest.mark.parametrize(
    "labels",
    [
        {"": "v"},
        {"k" * 65: "v"},
        {"k": "v" * 513},
        {"k": "\0"},
        {"\0": "v"},
        {str(number): "" for number in range(LABELS_MAX + 1)},
    ],
)
def test_labels_that_cannot_be_looked_for(labels: dict[str, str]) -> None:
    """They are refused with the name of the field."""
    with pytest.raises(BadRequest, match="^labels: ") as refused:
        check_labels(labels, "labels")
    assert refused.value.param == "labels"


def test_labels_that_can() -> None:
    """An empty value is a value."""
    check_labels({"k" * 64: "v" * 512, "empty": ""}, "labels")
    assert searchable("k", "")
