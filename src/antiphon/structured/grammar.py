"""A JSON schema as a grammar (GBNF) that the engine samples by: its texts are valid by construction.

The one entry of the compiler. It refuses what it cannot keep exactly; it never ignores an assertion.
"""

from __future__ import annotations

from msgspec import Struct

from antiphon.chat import JSONSchema
from antiphon.errors import BadRequest
from antiphon.structured.budget import Budget
from antiphon.structured.gbnf import Grammar, Rule
from antiphon.structured.scalars import VALUE_DEPTH_MAX, Scalars
from antiphon.structured.translation import Translation
from antiphon.structured.validate import check_understood


class CompiledSchema(Struct, frozen=True):
    """A schema and the GBNF text (rule `root`) every text of which the schema accepts."""

    schema: JSONSchema
    grammar: str


def compile_schema(schema: JSONSchema, *, param: str) -> CompiledSchema:
    """Compile `schema`; BadRequest names the keyword at fault by a path that starts with `param`."""
    grammar = Grammar(Budget(param=param))
    rule = add_schema(grammar, schema, param=param)
    return CompiledSchema(schema=schema, grammar=rendered(grammar, rule, param=param))


def add_schema(grammar: Grammar, schema: JSONSchema, *, param: str, objects_only: bool = False) -> Rule:
    """Add the rules of `schema` to a grammar that holds more than it; all schemas share its budget."""
    rule = Translation(grammar, schema, param=param).root(objects_only=objects_only)
    check_understood(schema, param=param)
    return rule


def rendered(grammar: Grammar, rule: Rule, *, param: str) -> str:
    """The GBNF text of `grammar` with `rule` as its root; BadRequest if no text at all would do."""
    text = grammar.render(rule)
    if text is None:
        raise BadRequest(f"{param} accepts no value that can be written in full.", param=param)
    return text


def json_object_grammar() -> str:
    """The grammar of any JSON object, nested at most ten deep."""
    grammar = Grammar(Budget(param="response_format"))
    return rendered(grammar, add_json_object(grammar), param="response_format")


def add_json_object(grammar: Grammar) -> Rule:
    """Add the rules of any JSON object to a grammar that holds more than it."""
    scalars = Scalars(grammar)
    return scalars.object(scalars.value(VALUE_DEPTH_MAX - 1))
