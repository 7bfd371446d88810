"""The schema of `schema.graphql`, with the names and the types that Python's side has. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable
from importlib.resources import files
from typing import Any

from graphql import (
    GraphQLInputObjectType,
    GraphQLObjectType,
    GraphQLResolveInfo,
    GraphQLScalarType,
    GraphQLSchema,
    build_schema,
)
from msgspec import Struct

from antiphon.graphql.inputs import INPUTS
from antiphon.graphql.pace import Pace
from antiphon.graphql.scalars import SCALARS

RESERVED = {"and": "and_", "in": "in_", "from": "from_"}  # Python's own words
ARGUMENTS = {"filter": "wanted", "id": "completion_id", "input": "given"}  # the same of functions
FORMER = {  # names of older clients, and what they are called now
    "addDirectFeedback": "addDirectScore",
    "comparisonFeedbacks": "comparisonScores",
    "directFeedbacks": "directScores",
    "feedbackType": "scoreType",
    "hasEnoughFeedbacks": "hasEnoughScores",
    "directFeedbacksStats": "directScoresStats",
    "feedbacks": "scores",
    "hasComparisonFeedbacks": "hasComparisonScores",
    "hasDirectFeedbacks": "hasDirectScores",
}
HUMP = re.compile(r"(?<!^)(?=[A-Z])")

Resolver = Callable[..., Any]  # Any: whatever the type of the field


def load_schema() -> GraphQLSchema:
    """The schema: inputs become the structs of `inputs`, the fields of an object are asked of its attributes."""
    schema = build_schema(files("antiphon.graphql").joinpath("schema.graphql").read_text("utf-8"))
    for name, kind in schema.type_map.items():
        if name.startswith("__"):
            continue
        if isinstance(kind, GraphQLInputObjectType):
            _take(kind, INPUTS[name])
        elif isinstance(kind, GraphQLObjectType):
            _show(kind)
        elif isinstance(kind, GraphQLScalarType) and name in SCALARS:
            kind.coerce_input_value = SCALARS[name]
    return schema


def attribute(name: str) -> str:
    """What a field or an input is called in Python."""
    snake = HUMP.sub("_", FORMER.get(name, name)).lower()
    return RESERVED.get(snake, snake)


def _take(kind: GraphQLInputObjectType, struct: type[Struct]) -> None:
    for name, field in kind.fields.items():
        field.out_name = attribute(name)
    kind.out_type = lambda given: struct(**given)  # type: ignore[method-assign, assignment]


def _show(kind: GraphQLObjectType) -> None:
    for name, field in kind.fields.items():
        field.resolve = _resolver(attribute(name))
        for argument_name, argument in field.args.items():
            argument.out_name = ARGUMENTS.get(argument_name) or attribute(argument_name)


def _resolver(name: str) -> Resolver:
    """Takes an attribute, or calls the method of that name with the arguments; the context is the answer's pace."""

    def resolve(source: object, info: GraphQLResolveInfo[Pace], **arguments: object) -> object:
        pace = info.context
        pace.spend()
        value = getattr(source, name)
        return pace.paced(value(**arguments) if callable(value) else value)

    return resolve
