"""Lines of a batch: cut without breaking one, checked by rules that name the field, answered in OpenAI's form."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.batches import lines as lines_module
from antiphon.batches.lines import Line, answered, numbered, pieces, read, unanswered
from antiphon.batches.model import Fault
from tests.unit.batches.made import CHAT, request, text

LINE = Line(3, "a", b"{}")


@given(st.lists(st.text(alphabet="ab\u00e9\r ", max_size=9), max_size=30), st.integers(1, 20))
def test_pieces_are_whole_lines(said: list[str], size: int) -> None:
    """Together they are the text, and no line stands in two."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lines_module, "PIECE_CHARACTERS", size)
        whole = "\n".join(said)
        found = list(pieces(whole))
    assert "".join(found) == whole
    assert all(piece.endswith("\n") for piece in found[:-1])
    count = 0
    for piece in found:
        count += len(numbered(piece, count))
    assert count == len([line for line in whole.split("\n") if line.strip()])


def test_lines_are_counted_on() -> None:
    """Blank ones are none."""
    assert numbered("a\n\n  \r\nb\n", 7) == [(7, "a"), (8, "b")]


def test_a_good_line_is_a_request() -> None:
    """Its body goes on as it came."""
    body = {"model": "m", "seed": 1.50}
    found = read(4, json.dumps(request("a", body=body)), CHAT)
    assert found == Line(4, "a", json.dumps(body).encode())


@pytest.mark.parametrize(
    ("changes", "code", "param"),
    [
        ({"method": "GET"}, "invalid_method", "method"),
        ({"url": "/v1/embeddings"}, "mismatched_endpoint", "url"),
        ({"body": {"stream": True}}, "invalid_request", "body.stream"),
        ({"body": "text"}, "invalid_request", "body"),
        ({"body": None}, "invalid_request", "body"),
        ({"custom_id": ""}, "invalid_request", "custom_id"),
        ({"custom_id": 5}, "invalid_request", "custom_id"),
    ],
)
def test_a_wrong_line_is_told(changes: dict[str, Any], code: str, param: str) -> None:  # Any: JSON
    """With its place, counted as people do, and its field."""
    found = read(4, json.dumps(request("a") | changes), CHAT)
    assert isinstance(found, Fault)
    assert (found.line, found.code, found.param) == (5, code, param)
    assert found.message.startswith(f"{param}: ")


@pytest.mark.parametrize("said", ["{", "[]", '{"custom_id": "a"}', "nul", "[" * 100_000])
def test_what_is_no_request(said: str) -> None:
    """However it is none."""
    assert isinstance(read(0, said, CHAT), Fault)


def test_an_answer_is_a_line() -> None:
    """Its body as JSON within it; one that is text becomes a string."""
    told = json.loads(answered("batch_req_1", LINE, 200, "req_1", b'\n{"id": "x"}'))
    response = {"status_code": 200, "request_id": "req_1", "body": {"id": "x"}}
    assert told == {"id": "batch_req_1", "custom_id": "a", "response": response, "error": None}
    assert json.loads(answered("b", LINE, 502, "r", b"no\n"))["response"]["body"] == "no\n"
    late = json.loads(unanswered("b", LINE, "batch_expired", "Too late."))
    assert (late["response"], late["error"]) == (None, {"code": "batch_expired", "message": "Too late."})
    assert "\n" not in text(late)[:-1]
