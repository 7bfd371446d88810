"""Headers that nobody sees."""

from __future__ import annotations

import pickle

import msgspec
import pytest

from antiphon.providers.model import Provider
from antiphon.providers.secret import SecretHeaders

SECRET = SecretHeaders({"authorization": "Bearer s3cret"})


def test_no_way_of_printing_shows_a_value() -> None:
    """Nor of copying it away."""
    provider = Provider("i", "k", "n", "http://x/", SECRET)
    assert "s3cret" not in f"{SECRET} {SECRET!r} {provider!r} {provider}"
    assert "authorization" in repr(SECRET)
    with pytest.raises(TypeError):
        pickle.dumps(SECRET)
    with pytest.raises(TypeError):
        msgspec.json.encode(SECRET)


def test_values_are_there_for_those_who_ask() -> None:
    """As a copy."""
    SECRET.reveal()["authorization"] = "changed"
    assert SECRET.reveal() == {"authorization": "Bearer s3cret"}
    assert SECRET.names == ("authorization",)


def test_equality() -> None:
    """By value, so that a provider that has not changed keeps its session."""
    assert SecretHeaders({"authorization": "Bearer s3cret"}) == SECRET
    assert hash(SecretHeaders({"authorization": "Bearer s3cret"})) == hash(SECRET)
    assert SecretHeaders() != SECRET
    assert SECRET != "authorization"


@pytest.mark.parametrize(
    ("name", "value", "good"),
    [
        ("authorization", "Bearer x", True),
        ("x-key", "", True),
        ("X-Key", "a\tb", True),
        ("x key", "a", False),
        ("x-key:", "a", False),
        ("", "a", False),
        ("x-key", "a\r\nx-other: b", False),
        ("x-key", " a", False),
        ("x-key", "ä", False),
        ("x-key", "a" * 4097, False),
        ("Content-Length", "1", False),
        ("mcp-session-id", "a", False),
        ("Host", "a", False),
    ],
)
def test_what_can_be_sent(name: str, value: str, good: bool) -> None:
    """Nothing that ends a header, and nothing that the connection itself sets; the value is never repeated."""
    found = list(SecretHeaders({name: value}).broken())
    assert (found == []) is good
    assert all(place == ("headers", name) for place, _ in found)


def test_not_too_many() -> None:
    """32 are enough for anybody."""
    assert [place for place, _ in SecretHeaders({f"x-{i}": "" for i in range(33)}).broken()] == [("headers",)]
