"""Inputs: what is left out is None."""

from __future__ import annotations

import pytest

from antiphon.graphql.inputs import INPUTS


@pytest.mark.parametrize("name", ["CursorPageInput", "ModelFilter", "CompletionFilterExpression", "StringCondition"])
def test_nothing_has_to_be_said(name: str) -> None:
    """Of what only narrows a list."""
    made = INPUTS[name]()
    assert {getattr(made, field) for field in made.__struct_fields__} == {None}
