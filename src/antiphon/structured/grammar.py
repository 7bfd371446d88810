"""A JSON schema as a grammar (GBNF) that the engine samples by: its texts are valid by construction.

The one entry of the compiler. It refuses what it cannot keep exactly; it never ignores an assertion.
"""

from __future__ import annotations

from msgspec import Struct

from antiphon.chat import JSONSchema


class CompiledSchema(Struct, frozen=True):
    """A schema and the GBNF text (rule `root`) every text of which the schema accepts."""

    schema: JSONSchema
    grammar: str


def compile_schema(schema: JSONSchema, *, param: str) -> CompiledSchema:
    """Compile `schema`; BadRequest names the keyword at fault by a path that starts with `param`."""
    raise NotImplementedError


def json_object_grammar() -> str:
    """The grammar of any JSON object, nested at most ten deep."""
    raise NotImplementedError
