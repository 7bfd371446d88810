"""What is wrong with a body becomes one sentence that names the field."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
import pytest
from msgspec import Meta, Struct

from antiphon.errors import BadRequest
from antiphon.http.decode import decode, whole


class Inner(Struct, forbid_unknown_fields=True):
    """A nested object that takes nothing else."""

    key: str


class Outer(Struct):
    """An object with a field of each sort."""

    name: str
    count: Annotated[int, Meta(ge=1)] | Annotated[float, Meta(ge=1)] | None = None
    share: float | None = None
    flag: bool | None = None
    inner: Inner | None = None
    word: Literal["a", "b"] | None = None


DECODER = msgspec.json.Decoder(Outer)


@pytest.mark.parametrize(
    ("body", "param", "code", "message"),
    [
        (b"", None, "invalid_json", "The body is empty: a JSON object is expected."),
        (b" \n", None, "invalid_json", "The body is empty: a JSON object is expected."),
        (b'{"name":"\xff"}', None, "invalid_json", "The body is not UTF-8."),
        (b"[]", None, "invalid_value", "The body: expected `object`, got `array`."),
        (b"{}", "name", "missing_required_parameter", "name: required."),
        (b'{"name":1}', "name", "invalid_value", "name: expected string, got integer."),
        (b'{"name":"x","inner":{}}', "inner.key", "missing_required_parameter", "inner.key: required."),
        (b'{"name":"x","inner":{"key":"a","int":1}}', "inner.int", "invalid_value", "inner.int: unknown field."),
        (b'{"name":"x","share":"1"}', "share", "invalid_value", "share: expected number or null, got string."),
        (b'{"name":"x","flag":1}', "flag", "invalid_value", "flag: expected boolean or null, got integer."),
    ],
)
def test_a_refusal_names_field_and_rule(body: bytes, param: str | None, code: str, message: str) -> None:
    """One sentence in the words of JSON, with `param` and `code` for programs."""
    with pytest.raises(BadRequest) as raised:
        decode(body, DECODER)
    error = raised.value
    assert (error.param, error.code, error.message.replace("`", "")) == (param, code, message.replace("`", ""))


def test_broken_json_says_where() -> None:
    """The byte at which it breaks is named."""
    with pytest.raises(BadRequest, match=r"^The body is not valid JSON: .*byte \d+") as raised:
        decode(b'{"name":"x",}', DECODER)
    assert (raised.value.code, raised.value.param) == ("invalid_json", None)


def test_deep_nesting_is_refused() -> None:
    """The decoder's own limit on depth is a plain refusal."""
    with pytest.raises(BadRequest) as raised:
        decode(b'{"name":"x","other":' + b"[" * 100_000 + b"]" * 100_000 + b"}", DECODER)
    assert raised.value.code == "invalid_json"


def test_a_good_body_is_read() -> None:
    """Unknown fields do not matter here."""
    assert decode(b'{"name":"x","count":1.0,"more":[1]}', DECODER) == Outer(name="x", count=1.0)


@pytest.mark.parametrize(("value", "read"), [(None, None), (3, 3), (1.0, 1), (-2.0, -2)])
def test_whole_numbers_are_integers(value: float | None, read: int | None) -> None:
    """However they were written."""
    number = whole(value, "n")
    assert number == read
    assert not isinstance(number, float)


def test_a_fraction_is_not_an_integer() -> None:
    """The refusal names the field."""
    with pytest.raises(BadRequest, match=r"^n: expected an integer\.$") as raised:
        whole(1.5, "n")
    assert raised.value.param == "n"
