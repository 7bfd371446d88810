"""What may follow a begun text: exactly what completes it, whatever the grammar, wherever it was cut."""

from __future__ import annotations

import json
import random
import time
from typing import Any  # schemas are plain JSON

import pytest

from antiphon.chat import ResponseFormat, Tool
from antiphon.errors import BadRequest
from antiphon.structured import stacks
from antiphon.structured.grammar import compile_schema, json_object_grammar
from antiphon.structured.remainder import CELLS_MAX, PREFIX_CHARS_MAX, remainder
from antiphon.structured.validate import validate
from antiphon.tools.grammar import tool_grammar
from tests.unit.structured.gbnf_reader import Gbnf
from tests.unit.structured.schemas import all_schemas

SEED = 5
ALTERED_WITH = 'x"},]1 \\ué😀\n'
TREE = {
    "$ref": "#/$defs/tree",
    "$defs": {
        "tree": {
            "type": "object",
            "properties": {"v": {"type": "integer"}, "c": {"type": "array", "items": {"$ref": "#/$defs/tree"}}},
            "required": ["v", "c"],
            "additionalProperties": False,
        }
    },
}


def compiled(schema: Any) -> str:
    """The grammar of a schema."""
    return compile_schema(schema, param="schema").grammar


def object_of(**properties: Any) -> Any:
    """The schema of an object that has exactly these properties."""
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def rest_of(grammar: str, prefix: str) -> str:
    """The remainder as a grammar."""
    return remainder(grammar, prefix, param="messages")


def altered(text: str, randomness: random.Random) -> str:
    """The text with one character put in, taken out or replaced."""
    at = randomness.randint(0, len(text))
    put: str = randomness.choice(["", *ALTERED_WITH])
    return text[:at] + put + text[at + randomness.randint(0, 1) :]


def check(grammar: str, randomness: random.Random, *, cuts: int) -> list[str]:
    """Random texts, cut at random: the rest is accepted, an altered one only if the whole would be.

    Returns prefixes, each completed by a text that was drawn from the remainder.
    """
    whole = Gbnf.read(grammar)
    completed = []
    for _ in range(cuts):
        text = whole.draw(randomness)
        cut = randomness.randint(0, len(text))
        prefix, rest = text[:cut], text[cut:]
        made = rest_of(grammar, prefix)
        read = Gbnf.read(made)
        assert read.accepts(rest), (SEED, prefix, rest)
        other = altered(rest, randomness)
        assert read.accepts(other) is whole.accepts(prefix + other), (SEED, prefix, other)
        begun = altered(prefix, randomness)
        if whole.begins(begun):
            rest_of(grammar, begun)
        else:
            with pytest.raises(BadRequest, match="cannot be the beginning"):
                rest_of(grammar, begun)
        drawn = prefix + read.draw(randomness)
        assert whole.accepts(drawn), (SEED, prefix, drawn)
        completed.append(drawn)
        assert rest_of(grammar, prefix) == made
    return completed


@pytest.mark.parametrize("name", all_schemas())
def test_any_schema_cut_anywhere(name: str) -> None:
    """Prefix and rest together are valid for each of the schemas."""
    schema = all_schemas()[name]
    for text in check(compiled(schema), random.Random(SEED), cuts=3):
        validate(text, schema)


def test_any_json_object_cut_anywhere() -> None:
    """`json_object` too."""
    for text in check(json_object_grammar(), random.Random(SEED), cuts=20):
        assert isinstance(json.loads(text), dict)


@pytest.mark.parametrize("choice", ["auto", "required"])
@pytest.mark.parametrize("kind", ["text", "json_object"])
def test_tool_calls_cut_anywhere(choice: Any, kind: Any) -> None:
    """Calls, and free text that may turn into calls."""
    tools = (Tool("add", "", object_of(a={"type": "integer"}, b={"type": "number"})), Tool("now"))
    grammar = tool_grammar(tools, choice=choice, parallel=True, response_format=ResponseFormat(kind=kind))
    assert grammar is not None
    check(grammar, random.Random(SEED), cuts=20)


@pytest.mark.parametrize(
    ("schema", "text"),
    [
        (object_of(a={"type": "number"}, b={"type": "boolean"}), '{"a": -12.50e-3, "b": false}'),
        (object_of(n={"type": "string", "maxLength": 6}), '{"n": "é\\u00e9😀\\"\\\\漢"}'),
        ({"enum": ["alpha", "alps", 'q"\\/', None, 12]}, '"alps"'),
        ({"type": "string", "format": "date-time"}, '"2026-11-21T05:13:33.5Z"'),
        ({"type": "array", "items": {"enum": ["a", "b"]}, "uniqueItems": True}, '["a", "b"]'),
        (TREE, '{"v": 1, "c": [{"v": -2, "c": []}, {"v": 3, "c": [{"v": 0, "c": []}]}]}'),
        ({"anyOf": [object_of(k={"const": "a"}), object_of(k={"type": "string"}, m={"type": "null"})]}, '{"k": "a"}'),
    ],
)
def test_every_cut_of_a_text(schema: Any, text: str) -> None:
    """Inside numbers, names, literals and escapes; the whole text leaves the empty one."""
    grammar = compiled(schema)
    for cut in range(len(text) + 1):
        read = Gbnf.read(rest_of(grammar, text[:cut]))
        assert read.accepts(text[cut:]), text[:cut]
        assert read.accepts("") is (cut == len(text)), text[:cut]
        assert not read.accepts(text[cut:] + "x")


def test_a_remainder_has_a_remainder() -> None:
    """To cut twice is to cut once further on."""
    grammar = compiled(TREE)
    text = '{"v": 17, "c": [{"v": 2, "c": []}, {"v": 3, "c": []}]}'
    for first in range(0, len(text), 4):
        once = rest_of(grammar, text[:first])
        for second in range(first, len(text) + 1, 7):
            read = Gbnf.read(rest_of(once, text[first:second]))
            assert read.accepts(text[second:])
            assert not read.accepts(text[second:] + "}")


def test_a_whole_number_may_end_or_go_on() -> None:
    """`1` is complete, and so is `12`."""
    read = Gbnf.read(rest_of(compiled({"type": "integer"}), "1"))
    assert read.accepts("")
    assert read.accepts("2")
    assert not read.accepts("-")


def test_nothing_is_left() -> None:
    """The remainder of a text that cannot go on is the empty text, in words that engines read."""
    assert rest_of(compiled({"const": "x"}), '"x"') == 'root ::= ""\n'


def test_only_needed_rules_are_kept() -> None:
    """What cannot follow any more is gone; what can is as it was."""
    grammar = compiled(object_of(first={"type": "string", "format": "uri"}, second={"type": "null"}))
    rest = rest_of(grammar, '{"first": "http://example.com/a", "second"').splitlines()
    assert len(rest) < 10 < len(grammar.splitlines())
    assert set(rest[1:]) < set(grammar.splitlines())


def test_a_root_that_is_used_again() -> None:
    """The old root is kept under another name."""
    grammar = 'root ::= "[" (root ("," root)*)? "]" # a list\nroot-0 ::= "unused"\n'
    rest = rest_of(grammar, "[[],[")
    read = Gbnf.read(rest.replace(" # a list", ""))
    assert read.accepts("]]")
    assert read.accepts("[],[[]]],[]]")
    assert not read.accepts("]")
    assert "unused" not in rest


@pytest.mark.parametrize(
    ("unit", "low", "high"), [('"ab"', 0, 200), ("[a-c]", 3, 200), ('("a" | "ab" | "b")', 2, 9), ('("a"? "b"?)', 2, 4)]
)
def test_counters_go_on_counting(unit: str, low: int, high: int) -> None:
    """As many rounds are left as were not used, also where a round may be empty or read in two ways."""
    grammar = f'root ::= {unit}{{{low},{high}}} "!"\n'
    whole = Gbnf.read(grammar)
    randomness = random.Random(SEED)
    for prefix in ["", "a", "ab", "aba", "abab" * 2, "ab" * 99, "ab" * 100, "a" * 200, "ab" * 101]:
        if not whole.begins(prefix):
            with pytest.raises(BadRequest):
                rest_of(grammar, prefix)
            continue
        read = Gbnf.read(rest_of(grammar, prefix))
        for _ in range(20):
            rest = "".join(randomness.choices(["a", "b", "ab"], k=randomness.randint(0, 9))) + "!"
            assert read.accepts(rest) is whole.accepts(prefix + rest), (prefix, rest)
        for rest in ["!", "b" * (high - len(prefix)) + "!", "b" * (high - len(prefix) + 1) + "!", "ab" * 100 + "!"]:
            assert read.accepts(rest) is whole.accepts(prefix + rest), (prefix, rest)


def test_nested_counters_are_not_written_out() -> None:
    """A million empty rounds cost nothing, and the counters stay counters."""
    grammar = 'root ::= ((("a"?){0,1000}){0,1000}){0,1000} "b"\n'
    assert len(rest_of(grammar, "aaa")) < 2000
    assert Gbnf.read('root ::= ("a"?){0,3} "b"\n').accepts("aab")


def test_random_grammars() -> None:
    """Small grammars of every shape, also ambiguous ones with empty parts, agree with the recogniser."""
    randomness = random.Random(SEED)

    def body(depth: int) -> str:
        made = []
        for _ in range(randomness.randint(1, 3)):
            part = randomness.choice(['"a"', '"b"', '"ab"', "[ab]", "[b-d]", '""', "one", "two"])
            if depth and randomness.random() < 0.5:
                part = f"({body(depth - 1)} | {body(depth - 1)})"
            made.append(part + randomness.choice(["", "", "*", "?", "{0,2}", "{2}", "{1,3}"]))
        return " ".join(made)

    tried = 0
    for _ in range(100):
        grammar = f'root ::= {body(1)}\none ::= "a" two? | "b"\ntwo ::= "b" one "a" | ""\n'
        whole = Gbnf.read(grammar)
        for _ in range(6):
            prefix = "".join(randomness.choices("ab", k=randomness.randint(0, 6)))
            if not whole.begins(prefix):
                with pytest.raises(BadRequest):
                    rest_of(grammar, prefix)
                continue
            read = Gbnf.read(rest_of(grammar, prefix))
            for _ in range(6):
                rest = "".join(randomness.choices("ab", k=randomness.randint(0, 5)))
                assert read.accepts(rest) is whole.accepts(prefix + rest), (SEED, grammar, prefix, rest)
                tried += 1
    assert tried > 1000


@pytest.mark.parametrize("prefix", ["x", " {", '{"b', '{"a": tru', '{"a": 1}x', '{"a": 01', "{{", "漢"])
def test_a_beginning_of_nothing(prefix: str) -> None:
    """It is refused in words, and names the caller's field."""
    with pytest.raises(BadRequest) as caught:
        remainder(compiled(object_of(a={"type": "integer"})), prefix, param="messages[1].content")
    assert caught.value.param == "messages[1].content"
    assert caught.value.message == (
        "messages: the closing assistant message cannot be the beginning of an answer in the asked format."
    )


def test_a_beginning_that_is_too_long() -> None:
    """Where it ends is said."""
    with pytest.raises(BadRequest, match=str(PREFIX_CHARS_MAX)):
        rest_of(json_object_grammar(), " " * (PREFIX_CHARS_MAX + 1))


def test_too_much_is_left_open() -> None:
    """Brackets beyond counting are refused before an engine gets them."""
    assert rest_of('root ::= "(" root ")" | "x"\n', "(" * (CELLS_MAX // 2))
    with pytest.raises(BadRequest, match="leaves too much open"):
        rest_of('root ::= "(" root ")" | "x"\n', "(" * CELLS_MAX)


HOSTILE = {
    "twice as many with each bracket": ('root ::= s\ns ::= "[" s "]" | "[" s ",1]" | "1"\n', "["),
    "counters in counters": ('root ::= (("a"?){0,1000}){0,1000} "b"\n', "a"),
    "many ways to count": ('root ::= ("a" | "aa" | "aaa"){0,1000} "b"\n', "a"),
    "a row of counters": (f"root ::= {' '.join(['[a]{0,1000}'] * 50)}\n", "a"),
    "begins with itself": ('root ::= r\nr ::= r "a" | "b"\n', "b"),
    "two ways at each rule": (
        "root ::= r0\n" + "".join(f'r{n} ::= r{n + 1} "x" | r{n + 1} "y"\n' for n in range(40)) + 'r40 ::= "b"\n',
        "b",
    ),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_work_is_bounded(name: str) -> None:
    """What would take for ever is refused in little more than a second."""
    grammar, char = HOSTILE[name]
    started = time.process_time()
    with pytest.raises(BadRequest, match="too much work"):
        rest_of(grammar, char * PREFIX_CHARS_MAX)
    assert time.process_time() - started < 5


TEXT = "Zoé said: “The quick brown fox jumps over 13 lazy dogs.” \\n "
RECORDS = {
    "type": "array",
    "items": object_of(
        id={"type": "integer"},
        name={"type": "string", "maxLength": 50},
        tags={"type": "array", "items": {"enum": ["new", "old"]}, "maxItems": 3},
        day={"type": "string", "format": "date"},
    ),
}
RECORD = '{"id": 12345, "name": "Zoé Fox", "tags": ["new", "old"], "day": "2026-11-21"}, '
TYPICAL: dict[str, tuple[Any, str, str]] = {
    "string": (object_of(a={"type": "string"}), '{"a": "', TEXT),
    "counted string": (object_of(a={"type": "string", "maxLength": 200_000}), '{"a": "', TEXT),
    "records": (RECORDS, "[", RECORD),
    "anything": ({"type": "object"}, '{"a": [', '{"x": 1.25, "y": [true, "né", {}]}, '),
    "tree": (TREE, "", '{"v": 1, "c": ['),
    "pattern": ({"type": "string", "pattern": "^([a-z]+@[a-z]+[.]com,? ?)*$"}, '"', "fox@example.com, "),
}


@pytest.mark.parametrize("name", TYPICAL)
def test_ten_thousand_characters_take_no_time(name: str) -> None:
    """Less than 100 ms of work."""
    schema, opening, repeated = TYPICAL[name]
    grammar = compiled(schema)
    prefix = (opening + repeated * 1000)[:10_000]
    spent_s = []
    for _ in range(3):
        started = time.process_time()
        rest_of(grammar, prefix)
        spent_s.append(time.process_time() - started)
    assert min(spent_s) < 0.1, spent_s


def test_the_longest_prefix_is_followed() -> None:
    """A hundred thousand characters of a counted string are within the limit of work."""
    schema, opening, repeated = TYPICAL["counted string"]
    prefix = (opening + repeated * 3000)[: PREFIX_CHARS_MAX - 1] + "x"
    read = Gbnf.read(rest_of(compiled(schema), prefix))
    assert read.accepts('"}')
    assert stacks.STEPS_MAX >= 10 * PREFIX_CHARS_MAX
