"""The grammar of answers that may or must call tools."""

from __future__ import annotations

import json
import random

import pytest

from antiphon.chat import JSONSchema, NamedTool, ResponseFormat, Tool, ToolCallDelta, ToolChoice
from antiphon.errors import BadRequest
from antiphon.structured.validate import validate
from antiphon.tools.grammar import tool_grammar, wordy_grammar
from antiphon.tools.parse import ToolCallParser
from tests.unit.structured.gbnf_reader import Gbnf

SEED = 5
CITY = {
    "type": "object",
    "properties": {"city": {"type": "string", "maxLength": 8}, "unit": {"enum": ["c", "f"]}},
    "required": ["city"],
}
TOOLS = (Tool("weather", "Weather of a city", CITY), Tool("now"))
SCHEMA = ResponseFormat("json_schema", "n", {"type": "integer"})


def grammar(choice: ToolChoice, *, parallel: bool = True, answer: ResponseFormat | None = None) -> Gbnf:
    """The grammar for the two tools."""
    text = tool_grammar(TOOLS, choice=choice, parallel=parallel, response_format=answer or ResponseFormat())
    assert text is not None
    return Gbnf.read(text)


def call(name: str, arguments: str) -> str:
    """A call as the model writes it."""
    return f'<tool_call>\n{{"name": "{name}", "arguments": {arguments}}}\n</tool_call>'


NOW = call("now", "{}")
ROME = call("weather", '{"city": "Rome"}')


def test_required_is_calls_and_nothing_else() -> None:
    """One call or several, never text, and at most eight."""
    read = grammar("required")
    assert read.accepts(NOW)
    assert read.accepts(f"{ROME}\n{NOW}")
    assert read.accepts("\n".join([NOW] * 8))
    assert not read.accepts("\n".join([NOW] * 9))
    for text in (
        "",
        "hello",
        f" {NOW}",
        f"{NOW} x",
        call("other", "{}"),
        call("weather", "{}"),
        call("now", '{"a": 1}'),
    ):
        assert not read.accepts(text), text


def test_without_parallel_calls_there_is_one() -> None:
    """A second call is impossible."""
    read = grammar("required", parallel=False)
    assert read.accepts(NOW)
    assert not read.accepts(f"{NOW}\n{NOW}")


def test_a_named_tool_is_called_once() -> None:
    """No other tool, and no second call."""
    read = grammar(NamedTool("now"))
    assert read.accepts(NOW)
    assert not read.accepts(ROME)
    assert not read.accepts(f"{NOW}\n{NOW}")


def test_auto_is_text_then_calls() -> None:
    """Any text may come; from the first opening mark on it is a right call or nothing."""
    read = grammar("auto")
    for text in ("", "Hello <b>!", "<tool_cal", "<<tool_call", NOW, f"Let me see.\n{ROME}\n{NOW}", f"<{NOW}"):
        assert read.accepts(text), text
    for text in ("<tool_call>", "see <tool_call> x", f"{NOW} and more", call("weather", '{"unit": "c"}')):
        assert not read.accepts(text), text


def test_auto_with_a_schema_is_either() -> None:
    """The answer's own format, or calls."""
    read = grammar("auto", answer=SCHEMA)
    assert read.accepts("5")
    assert read.accepts(NOW)
    assert not read.accepts("five")
    assert grammar("auto", answer=ResponseFormat("json_object")).accepts('{"a": 1}')


def test_none_leaves_the_format_alone() -> None:
    """Without calls there is only the response format, or no grammar at all."""
    assert tool_grammar(TOOLS, choice="none", parallel=True, response_format=ResponseFormat()) is None
    assert tool_grammar((), choice="auto", parallel=True, response_format=ResponseFormat()) is None
    text = tool_grammar(TOOLS, choice="none", parallel=True, response_format=SCHEMA)
    assert text is not None
    assert Gbnf.read(text).accepts("7")


def test_drawn_answers_hold_valid_arguments() -> None:
    """Two hundred random answers parse into calls whose arguments keep their tool's schema."""
    randomness = random.Random(SEED)
    read = grammar("required")
    schemas: dict[str, JSONSchema] = {"weather": CITY, "now": {"type": "object", "maxProperties": 0}}
    for _ in range(200):
        parser = ToolCallParser(lambda: "id")
        pieces = parser.feed(read.draw(randomness)) + parser.finish(cut=False)
        assert all(isinstance(piece, ToolCallDelta) for piece in pieces)
        names = [piece.name for piece in pieces if isinstance(piece, ToolCallDelta) and piece.name]
        for index, name in enumerate(names):
            arguments = "".join(
                piece.arguments for piece in pieces if isinstance(piece, ToolCallDelta) and piece.index == index
            )
            validate(arguments, schemas[name])


def test_arguments_are_always_an_object() -> None:
    """Even where the schema does not say so."""
    tools = (Tool("t", parameters={"anyOf": [{"type": "string"}, {"properties": {"a": {"type": "integer"}}}]}),)
    text = tool_grammar(tools, choice="required", parallel=False, response_format=ResponseFormat())
    assert text is not None
    read = Gbnf.read(text)
    assert read.accepts(call("t", '{"a": 1}'))
    assert not read.accepts(call("t", '"x"'))
    assert json.loads('{"a": 1}')


@pytest.mark.parametrize(
    ("parameters", "param"),
    [
        ({"type": "object", "properties": {"x": {"pattern": 5}}}, "tools[1].function.parameters.properties.x.pattern"),
        ({"type": "object", "properties": {"x": {"$ref": "#/no"}}}, "tools[1].function.parameters.properties.x.$ref"),
    ],
)
def test_a_bad_tool_schema_is_named(parameters: dict[str, object], param: str) -> None:
    """By the tool's index and the keyword's place."""
    tools = (Tool("a"), Tool("b", parameters=parameters))
    with pytest.raises(BadRequest) as caught:
        tool_grammar(tools, choice="auto", parallel=True, response_format=ResponseFormat())
    assert caught.value.param == param


def test_many_tools_share_one_budget() -> None:
    """128 tools of ordinary size compile; 128 huge ones are refused."""
    usual = [Tool(f"tool_{i}", "does", CITY) for i in range(128)]
    assert tool_grammar(usual, choice="auto", parallel=True, response_format=ResponseFormat())
    wide = {"type": "object", "properties": {f"p{i}": {"type": "string", "format": "uri"} for i in range(300)}}
    huge = [Tool(f"tool_{i}", "does", wide) for i in range(128)]
    with pytest.raises(BadRequest):
        tool_grammar(huge, choice="auto", parallel=True, response_format=ResponseFormat())


def test_without_a_preamble_the_first_text_decides() -> None:
    """Calls at once, or text that never becomes a call."""
    text = tool_grammar(TOOLS, choice="auto", parallel=True, response_format=ResponseFormat(), preamble=False)
    assert text is not None
    read = Gbnf.read(text)
    for answer in ("", "hello", "a < b", "<tool_cal", f"{NOW}\n{ROME}"):
        assert read.accepts(answer), answer
    for answer in (f"Wait.\n{NOW}", f" {NOW}", "<tool_call>", f"{NOW} x"):
        assert not read.accepts(answer), answer


def test_words_only() -> None:
    """Any text, but none with the opening mark of a call."""
    read = Gbnf.read(wordy_grammar())
    assert all(read.accepts(text) for text in ("", "It is 18 degrees.", "<tool>", "<<tool_call"))
    assert not any(read.accepts(text) for text in (NOW, f"Well: {NOW}", "<tool_call>"))
