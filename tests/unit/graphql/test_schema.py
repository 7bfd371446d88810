"""The schema: what its names become, and that everything in it has something behind it."""

from __future__ import annotations

import pytest
from graphql import GraphQLInputObjectType, GraphQLObjectType

from antiphon.graphql.inputs import INPUTS
from antiphon.graphql.mutations import Mutations
from antiphon.graphql.queries import Queries
from antiphon.graphql.scalars import SCALARS
from antiphon.graphql.schema import attribute, load_schema


@pytest.mark.parametrize(
    ("name", "known_as"),
    [
        ("id", "id"),
        ("createdAt", "created_at"),
        ("from", "from_"),
        ("and", "and_"),
        ("hasDirectFeedbacks", "has_direct_scores"),
        ("feedbacks", "scores"),
    ],
)
def test_names_in_python(name: str, known_as: str) -> None:
    """In its spelling, without its own words; former names mean what they became."""
    assert attribute(name) == known_as


def test_every_root_field_has_its_method() -> None:
    """With the arguments that the schema says."""
    schema = load_schema()
    for root, methods in ((schema.query_type, Queries), (schema.mutation_type, Mutations)):
        assert root is not None
        for name, field in root.fields.items():
            code = getattr(methods, attribute(name)).__code__
            taken = set(code.co_varnames[1 : code.co_argcount])
            assert taken == {argument.out_name for argument in field.args.values()}, name


def test_every_input_has_its_struct() -> None:
    """With the same fields; and every scalar of ours that is taken has its rule."""
    schema = load_schema()
    inputs = {name: kind for name, kind in schema.type_map.items() if isinstance(kind, GraphQLInputObjectType)}
    assert set(inputs) == set(INPUTS)
    for name, kind in inputs.items():
        assert {field.out_name for field in kind.fields.values()} == set(INPUTS[name].__struct_fields__), name
    assert set(SCALARS) <= set(schema.type_map)


def test_no_type_is_there_for_nothing() -> None:
    """Each is reached from a root."""
    schema = load_schema()
    objects = [kind for kind in schema.type_map.values() if isinstance(kind, GraphQLObjectType)]
    named = {str(field.type).strip("[]!") for kind in objects for field in kind.fields.values()}
    assert {kind.name for kind in objects if not kind.name.startswith("__")} <= named | {"Query", "Mutation"}
