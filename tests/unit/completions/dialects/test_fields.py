"""No field of a request is lost: it is seen in the neutral request, or named as ignored, or listed with a reason."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import deepcopy
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.completions.dialects import Dialect, EmbeddingDialect, RequestBounds
from antiphon.completions.dialects.anthropic_messages import request as anthropic_messages
from antiphon.completions.dialects.openai_responses import request as openai_responses
from antiphon.errors import BadRequest
from tests.fixtures.dialects import recorded
from tests.fixtures.dialects.recorded import Spoken
from tests.unit.completions.dialects.visible import SEEN, SEEN_AT, WITHOUT_EFFECT, is_seen

Either = Spoken[Dialect] | Spoken[EmbeddingDialect]
Value = Any  # Any: whatever JSON a field holds
Place = tuple[str | int, ...]
BOUNDS = RequestBounds(n_max=8, messages_max=100)
ALL: list[Either] = [*recorded.generating(), *recorded.embedding()]
REQUIRED = {"model", "messages", "prompt", "input"}
WORDS = ("none", "low", "high", "auto", "required", "user", "assistant", "json_object", "float", "base64", "second")
SCALARS = st.none() | st.booleans() | st.integers() | st.text(max_size=5)
FOREIGN = st.dictionaries(st.text(min_size=1, max_size=12).map("x_{}".format), SCALARS | st.lists(SCALARS), max_size=2)


def parsed(spoken: Either, fields: Mapping[str, Value]) -> Value | None:
    """The neutral request, None where it is refused."""
    try:
        return spoken.dialect.parse(msgspec.json.encode(fields), {}, BOUNDS)
    except BadRequest:
        return None


def leaves(value: Value, place: Place = ()) -> Iterator[tuple[Place, Value]]:
    """Every value in a body that holds no other, but for nulls, with its place."""
    if isinstance(value, (dict, list)) and value:
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from leaves(inner, (*place, key))
    elif value is not None and value not in ({}, []):
        yield place, value


def named(place: Place) -> str:
    """A place without its numbers, `messages.content.text`."""
    return ".".join(step for step in place if isinstance(step, str))


def changes(fields: Mapping[str, Value], place: Place, value: Value) -> Iterator[dict[str, Value]]:
    """The body with this one value left out, or another in its place."""
    *above, last = place
    without = deepcopy(dict(fields))
    del _within(without, above)[last]
    yield without
    others: tuple[Value, ...] = WORDS
    if isinstance(value, bool):
        others = (not value,)
    elif isinstance(value, (int, float)):
        others = (value / 2, value + 1, 1, 0.5)
    elif isinstance(value, str):
        others = (value + "x", value[:-1] + "0", *WORDS)
    for other in others:
        changed = deepcopy(dict(fields))
        _within(changed, above)[last] = other
        yield changed


def _within(body: Value, place: list[str | int]) -> Value:
    """What stands at a place."""
    for step in place:
        body = body[step]
    return body


@pytest.mark.parametrize("spoken", ALL, ids=lambda spoken: spoken.name)
def test_every_part_of_a_recorded_request_has_an_effect(spoken: Either) -> None:
    """Some other value in its place makes another request; where none does, the reason is listed."""
    heard, unheard = set(), set()
    for sent in spoken.requests():
        whole = parsed(spoken, sent.fields)
        assert whole is not None
        known = {name: value for name, value in sent.fields.items() if name not in whole.ignored_fields}
        for place, value in leaves(known):
            meant = [parsed(spoken, changed) for changed in changes(sent.fields, place, value)]
            understood = [one for one in meant if one is not None]
            if any(one != whole for one in understood):
                heard.add(named(place))
            elif understood:
                unheard.add(named(place))
    assert heard
    assert unheard - heard - set(WITHOUT_EFFECT) == set()


@pytest.mark.parametrize("spoken", ALL, ids=lambda spoken: spoken.name)
@given(data=st.data())
def test_no_field_is_lost(spoken: Either, data: st.DataObject) -> None:
    """Of recorded requests whose fields are mixed at will, among others that nobody knows."""
    requests = [sent.fields for sent in spoken.requests()]
    first = data.draw(st.sampled_from(requests))
    pool = {name: value for fields in requests for name, value in fields.items() if name not in REQUIRED}
    added = {name: pool[name] for name in data.draw(st.sets(st.sampled_from(sorted(pool)), max_size=8))} if pool else {}
    body = {**first, **added, **data.draw(FOREIGN)}
    left_out = data.draw(st.sets(st.sampled_from(sorted(body))))
    fields = {name: value for name, value in body.items() if name in REQUIRED or name not in left_out}
    try:
        request = spoken.dialect.parse(msgspec.json.encode(fields), {}, BOUNDS)
    except BadRequest as refusal:
        assert (refusal.param or "").partition(".")[0].partition("[")[0] in fields
        return
    assert [name for name in fields if not is_seen(name, fields, request)] == []


@pytest.mark.parametrize("spoken", ALL, ids=lambda spoken: spoken.name)
def test_null_is_absent(spoken: Either) -> None:
    """Every field that may be left out may be null, and means the same."""
    for sent in spoken.requests():
        for name in set(spoken.dialect.BODY.__struct_fields__) - REQUIRED:
            without = {key: value for key, value in sent.fields.items() if key != name}
            assert parsed(spoken, without) == parsed(spoken, {**without, name: None}), name


def test_every_field_of_a_body_can_be_found() -> None:
    """Whoever adds a field says where it is seen, or why nowhere."""
    known = {name for spoken in ALL for name in spoken.dialect.BODY.__struct_fields__}
    seen = set(SEEN).union(*SEEN_AT.values())
    refused = {"functions", "function_call", *openai_responses.REFUSED, *anthropic_messages.REFUSED}
    assert known - seen - set(WITHOUT_EFFECT) == refused - seen - set(WITHOUT_EFFECT)
    assert seen <= known
