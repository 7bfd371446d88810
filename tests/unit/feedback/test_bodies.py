"""The bodies of Adaptive's records: what its clients send is read, what is wrong is named."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.chat import Image, Message, Text
from antiphon.errors import BadRequest
from antiphon.feedback.bodies import ComparisonBody, FeedbackBody, InteractionBody, messages, moment_ms, named_project
from antiphon.http.decode import decode
from tests.unit.interactions.stored import uuid

NOW_MS = 1_700_000_000_000
ASKED = [{"role": "user", "content": "Hello"}]


def read(body: dict[str, Any], kind: Any = InteractionBody) -> Any:  # Any: bodies of several kinds
    """The body as a route reads it."""
    return decode(msgspec.json.encode(body), msgspec.json.Decoder(kind))


def test_turns_become_neutral() -> None:
    """Text parts are joined, images kept, developers are systems, and notes stay with their turns."""
    body = read(
        {
            "project": "p",
            "completion": "Hi",
            "messages": [
                {"role": "developer", "content": "Be brief."},
                {"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]},
                {"role": "assistant", "content": "c", "completion_id": uuid(1), "metadata": {"k": [1]}},
                {
                    "role": "user",
                    "name": "ann",
                    "content": [
                        {"type": "text", "text": "What?"},
                        {"type": "image_url", "image_url": "data:image/png;base64,AA=="},
                        {"type": "image_url", "image_url": {"url": "DATA:image/png;base64,AA==", "detail": "low"}},
                    ],
                },
            ],
        }
    )
    assert messages(body.messages) == (
        Message("system", "Be brief."),
        Message("user", "ab"),
        Message("assistant", "c", completion_id=uuid(1), metadata={"k": [1]}),
        Message(
            "user",
            (Text("What?"), Image("data:image/png;base64,AA=="), Image("DATA:image/png;base64,AA==")),
            name="ann",
        ),
    )
    assert messages(None) == ()


def test_older_clients_say_use_case() -> None:
    """It is the project, and one of the two is needed."""
    assert named_project(read({"messages": ASKED, "completion": "x", "use_case": "p"})) == "p"
    assert named_project(read({"messages": ASKED, "completion": "x", "use_case": "q", "project": "p"})) == "p"
    with pytest.raises(BadRequest, match="^project: required.$"):
        named_project(read({"messages": ASKED, "completion": "x"}))


@pytest.mark.parametrize(
    ("changes", "param"),
    [
        ({"messages": []}, "messages"),
        ({"messages": [{"role": "function", "content": "x"}]}, "messages[0].role"),
        ({"messages": [{"role": "user"}]}, "messages[0].content"),
        ({"messages": [{"role": "user", "content": []}]}, "messages[0].content"),
        ({"messages": [{"role": "user", "content": None}]}, "messages[0].content"),
        ({"messages": [{"role": "user", "content": "x", "name": "a b"}]}, "messages[0].name"),
        ({"completion": None}, "completion"),
        ({"project": ""}, "project"),
        ({"user": "ann"}, "user"),
        ({"session_id": "s1"}, "session_id"),
        ({"labels": {"k": 1}}, "labels[...]"),
        ({"feedbacks": [{"metric": "m"}]}, "feedbacks[0].value"),
        ({"feedbacks": [{"metric": "m", "value": "5"}]}, "feedbacks[0].value"),
        ({"feedbacks": [{"metric": "m", "value": None}]}, "feedbacks[0].value"),
        ({"feedbacks": [{"metric": "a\0", "value": 1}]}, "feedbacks[0].metric"),
    ],
)
def test_wrong_fields_are_named(changes: dict[str, Any], param: str) -> None:
    """With their place."""
    with pytest.raises(BadRequest) as refused:
        read({"messages": ASKED, "completion": "x", "project": "p"} | changes)
    assert refused.value.param == param


def test_values_keep_their_type() -> None:
    """A truth is told from a number."""
    for value in (True, False, 0, 1, 2.5, -(10**15)):
        body = read({"value": value, "completion_id": uuid(1), "metric": "m"}, FeedbackBody)
        assert body.value == value
        assert isinstance(body.value, bool) is isinstance(value, bool)
    with pytest.raises(BadRequest):
        decode(b'{"value": 1e999, "completion_id": "x", "metric": "m"}', msgspec.json.Decoder(FeedbackBody))


def test_a_side_is_an_id_or_a_text() -> None:
    """Of a comparison."""
    body = read(
        {"metric": "m", "preferred_completion": uuid(1), "other_completion": {"text": "x", "model": "m"}},
        ComparisonBody,
    )
    assert body.preferred_completion == uuid(1)
    assert (body.other_completion.text, body.other_completion.model) == ("x", "m")
    with pytest.raises(BadRequest) as refused:
        read({"metric": "m", "preferred_completion": {"text": "x"}, "other_completion": uuid(1)}, ComparisonBody)
    assert refused.value.param == "preferred_completion.model"


def test_images_elsewhere_are_refused() -> None:
    """This door takes data only."""
    body = read(
        {
            "completion": "x",
            "messages": [
                {"role": "user", "content": [{"type": "image_url", "image_url": "https://example.com/a.png"}]},
            ],
        }
    )
    with pytest.raises(BadRequest, match=r"^messages\[0\]\.content\[0\]\.image_url: expected a data URL\.$"):
        messages(body.messages)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (None, NOW_MS),
        (1_600_000_000_000.0, 1_600_000_000_000),
        ("1600000000000", 1_600_000_000_000),
        ("2020-09-13T12:26:40Z", 1_600_000_000_000),
        ("2020-09-13T14:26:40.250+02:00", 1_600_000_000_250),
        ("2020-09-13 12:26:40", 1_600_000_000_000),
        ("2020-09-13", 1_599_955_200_000),
        (0.0, 0),
    ],
)
def test_moments(given: str | float | None, expected: int) -> None:
    """ISO 8601 or milliseconds, as a number or as its digits; without a zone it is UTC."""
    assert moment_ms(given, NOW_MS, "created_at") == expected


@pytest.mark.parametrize(
    "given", ["", "yesterday", "2020-13-01", "٣", -1.0, 1e300, "9" * 15, "1900-01-01", "9999-12-31"]
)
def test_what_is_no_moment(given: str | float) -> None:
    """Before 1970, in the future, or no time at all."""
    with pytest.raises(BadRequest, match="^created_at: expected an ISO 8601 time"):
        moment_ms(given, NOW_MS, "created_at")


@given(st.text(max_size=30) | st.floats(allow_nan=False, allow_infinity=False))
def test_any_moment_is_read_or_refused(given: str | float) -> None:
    """Nothing but BadRequest comes out of it."""
    try:
        assert 0 <= moment_ms(given, NOW_MS, "created_at") <= 2 * NOW_MS
    except BadRequest as refused:
        assert refused.param == "created_at"
