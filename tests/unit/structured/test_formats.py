"""Every format's texts against an independent validator."""

from __future__ import annotations

import json
import random

import jsonschema_rs
import pytest

from antiphon.structured.formats import pattern_of
from antiphon.structured.grammar import compile_schema
from tests.unit.structured.gbnf_reader import Gbnf

SEED = 3
NAMES = (
    "date", "time", "date-time", "duration", "email", "idn-email", "hostname", "idn-hostname", "ipv4", "ipv6",
    "uuid", "uri", "iri", "uri-reference", "iri-reference", "uri-template", "json-pointer",
    "relative-json-pointer", "regex",
)  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_generated_texts_have_the_format(name: str) -> None:
    """A hundred texts drawn from the grammar are all accepted by the validator."""
    schema = {"type": "string", "format": name}
    grammar = Gbnf.read(compile_schema(schema, param="schema").grammar)
    validator = jsonschema_rs.validator_for(schema, validate_formats=True)
    randomness = random.Random(SEED)
    for _ in range(100):
        text = json.loads(grammar.draw(randomness, depth_max=150))
        assert validator.is_valid(text), (SEED, name, text)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("date", "2024-02-29"),
        ("time", "23:59:59Z"),
        ("date-time", "2026-11-21T08:00:00.123+01:00"),
        ("email", "first.last+tag@mail.example.com"),
        ("hostname", "api-1.example.org"),
        ("ipv6", "2001:db8::8a2e:370:7334"),
        ("uri", "https://example.com/a/b?q=1&r=%20#top"),
        ("uuid", "123E4567-e89b-12d3-a456-426614174000"),
        ("duration", "P1DT12H"),
        ("json-pointer", "/a~1b/0"),
    ],
)
def test_usual_texts_are_possible(name: str, text: str) -> None:
    """What people mean by a format can be generated."""
    grammar = Gbnf.read(compile_schema({"type": "string", "format": name}, param="schema").grammar)
    assert grammar.accepts(json.dumps(text))


@pytest.mark.parametrize("text", ["2023-02-29", "1900-02-29", "2024-13-01", "2024-04-31", "24-01-01"])
def test_days_that_do_not_exist_are_not_dates(text: str) -> None:
    """Months have their lengths, and leap years their day."""
    grammar = Gbnf.read(compile_schema({"type": "string", "format": "date"}, param="schema").grammar)
    assert not grammar.accepts(json.dumps(text))


def test_an_unknown_format_asserts_nothing() -> None:
    """A name that no standard lists is an annotation."""
    assert pattern_of("colour") is None
