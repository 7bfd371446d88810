"""The compiler as a whole: what its grammars accept, and that all of their texts are valid."""

from __future__ import annotations

import json
import random
import re
from typing import Any  # schemas and instances are plain JSON

import jsonschema_rs
import pytest

from antiphon.errors import BadRequest
from antiphon.structured.budget import STEPS_MAX, Budget
from antiphon.structured.gbnf import Grammar
from antiphon.structured.grammar import add_schema, compile_schema, json_object_grammar
from antiphon.structured.validate import validate
from tests.unit.structured.gbnf_reader import Gbnf
from tests.unit.structured.schemas import all_schemas

SEED = 11


def grammar(schema: Any) -> Gbnf:
    """The grammar of a schema, read back from its text."""
    return Gbnf.read(compile_schema(schema, param="schema").grammar)


@pytest.mark.parametrize("name", all_schemas())
def test_every_generated_text_is_valid(name: str) -> None:
    """Thirty random texts of each schema's grammar pass an independent validator, formats included."""
    schema = all_schemas()[name]
    read = grammar(schema)
    randomness = random.Random(SEED)
    for _ in range(30):
        validate(read.draw(randomness), schema)


def test_there_are_more_than_two_hundred_schemas() -> None:
    """The collection is as large as it is meant to be, and compiles the same each time."""
    schemas = all_schemas()
    assert len(schemas) >= 200
    for schema in schemas.values():
        assert compile_schema(schema, param="s").grammar == compile_schema(schema, param="s").grammar


def test_usual_schemas_leave_most_of_the_budget() -> None:
    """None of the collection comes near the limit of work."""
    for name, schema in all_schemas().items():
        budget = Budget(param="schema")
        add_schema(Grammar(budget), schema, param="schema")
        assert budget.left > STEPS_MAX // 2, name


ACCEPTED: list[tuple[Any, list[str], list[str]]] = [
    (
        {"type": "object", "properties": {"a": {"type": "integer"}, "b": {"type": "string"}}, "required": ["b"]},
        ['{"b": ""}', '{"a": 1, "b": "x"}', '{\n  "a":1,\n  "b":"x"\n}', '{ "b": "x" }'],
        [
            '{"a": 1}',
            '{"b": "x", "a": 1}',
            '{"b": "x", "c": 1}',
            '{"a": 1,, "b": ""}',
            '{"b": ""},',
            '{,"b": ""}',
            ' {"b": ""}',
        ],
    ),
    (
        {"type": "object", "properties": {"a": True}, "additionalProperties": {"type": "integer"}},
        ["{}", '{"a": [], "b": 1}', '{"aa": 1, "": 2}', '{"A": 1}'],
        ['{"b": "x"}', '{"b": 1, "a": 1}', '{"\\u0061": 1}'],
    ),
    (
        {"type": "array", "items": {"type": "integer"}, "minItems": 1, "maxItems": 2},
        ["[1]", "[ 1, 2 ]", "[1,2]", "[\n  1,\n  2\n]"],
        ["[]", "[1, 2, 3]", "[1,]", "[,1]", "[1 2]"],
    ),
    (
        {"type": "string", "minLength": 2, "maxLength": 2},
        ['"ab"', '"\\n\\""', '"\\u00e9x"', '"😀é"', '"\\\\\\/"'],
        ['"a"', '"abc"', '"a\n"', '"\\ud83d\\ude00x"', '"\\x"', '"a\\"', "ab"],
    ),
    ({"type": "integer"}, ["0", "-1", "123456789012345"], ["01", "-0", "1.0", "1e3", "+1", "1234567890123456"]),
    ({"type": "number"}, ["0", "-0.5", "1e10", "2.5E-3"], ["01", ".5", "1.", "NaN", "Infinity", "1e400000"]),
    ({"type": ["string", "null"]}, ['"x"', "null"], ["true", "Null", "1"]),
    ({"enum": ["a", 1, None]}, ['"a"', "1", "null"], ['"b"', "2", '"a" ', "1.0"]),
    ({"pattern": "b", "type": "string"}, ['"abc"', '"b"', '"\\"b"'], ['"ac"', '""']),
    ({"pattern": "^b", "type": "string"}, ['"bc"', '"b"'], ['"ab"']),
    ({"pattern": "^b$", "type": "string"}, ['"b"'], ['"bb"', '"b\\n"']),
    ({"type": "object"}, ["{}", '{"x": {"y": [1, null]}}'], ["[]", '"x"', "{1: 2}"]),
    ({"type": "object", "properties": {}}, ["{}", "{ }"], ['{"x": 1}']),
    ({"oneOf": [{"type": "integer"}, {"type": "number"}]}, ["1.5", "-0.25"], ["1", "1.0", "5"]),
    (
        {"type": "array", "items": {"enum": ["a", "b"]}, "uniqueItems": True},
        ["[]", '["a"]', '["a", "b"]'],
        ['["a", "a"]'],
    ),
]


@pytest.mark.parametrize(("schema", "yes", "no"), ACCEPTED)
def test_what_is_accepted(schema: Any, yes: list[str], no: list[str]) -> None:
    """Commas, order, lengths, escapes and white space are as documented."""
    read = grammar(schema)
    for text in yes:
        assert read.accepts(text), text
        validate(text, schema)
    for text in no:
        assert not read.accepts(text), text


def test_white_space_never_runs_on() -> None:
    """A model cannot write blanks for ever: at most one, or a new line with a bounded indentation."""
    read = grammar({"type": "array", "items": {"type": "integer"}})
    assert read.begins("[\n" + " " * 16)
    assert not read.begins("[\n" + " " * 17)
    assert not read.begins("[  ")
    assert not read.begins("[\n\n")


def test_any_json_object() -> None:
    """`json_object` is an object of anything, nested at most ten deep."""
    read = Gbnf.read(json_object_grammar())
    assert read.accepts('{"a": [1, {"b": null}], "a": "again"}')
    assert read.accepts('{"a": ' * 9 + "{}" + "}" * 9)
    assert not read.begins('{"a": ' * 10 + "{")
    assert not read.begins("[")


def test_the_path_of_an_unsupported_keyword() -> None:
    """Errors deep inside name the whole way, with the caller's own beginning."""
    schema = {"type": "object", "properties": {"x": {"type": "array", "items": [{}]}}}
    with pytest.raises(BadRequest) as caught:
        compile_schema(schema, param="response_format.json_schema.schema")
    assert caught.value.param == "response_format.json_schema.schema.properties.x.items"
    assert caught.value.status == 400


def test_random_schemas_are_sound() -> None:
    """Schemas that are combined at random compile to valid texts, or are refused."""
    randomness = random.Random(SEED)
    parts = [
        schema
        for schema in all_schemas().values()
        if isinstance(schema, dict) and not re.search(r'"\$(schema|id|ref)"', json.dumps(schema))
    ]
    compiled = 0
    for _ in range(150):
        chosen = randomness.sample(parts, 3)
        word = randomness.choice(["anyOf", "oneOf", "allOf", "if"])
        keys = ("if", "then", "else")
        schema = dict(zip(keys, chosen, strict=True)) if word == "if" else {word: chosen}
        try:
            read = grammar(schema)
        except BadRequest:
            continue
        compiled += 1
        validator = jsonschema_rs.validator_for(schema, validate_formats=True)
        for _ in range(10):
            text = read.draw(randomness)
            assert validator.is_valid(json.loads(text)), (SEED, schema, text)
    assert compiled > 50
