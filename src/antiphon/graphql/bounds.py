"""How large a query may be once its fragments stand in place: how deep, and how many fields. Pure.

A field with arguments reads the database and counts for many; none may stand below itself. All this holds of documents
that are not valid too: it is looked at before anything that takes longer than one pass.
"""

from __future__ import annotations

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    get_named_type,
)

from antiphon.errors import BadRequest

TOKENS_MAX = 2_000
CHARACTERS_MAX = 32_768
DEPTH_MAX = 24  # of selections and fragments; what tools ask of a schema is 15 deep
COST_MAX = 500
READING_COST = 50  # of a field with arguments

Path = frozenset[tuple[str, str]]


def check(schema: GraphQLSchema, document: DocumentNode) -> None:
    """BadRequest for a document with an operation, or a fragment, that is too large."""
    walk = _Walk(document)
    for definition in document.definitions:
        if isinstance(definition, OperationDefinitionNode):
            walk.cost = 0
            walk.selections(definition.selection_set, schema.get_root_type(definition.operation), frozenset(), 0)
        elif isinstance(definition, FragmentDefinitionNode):
            walk.cost = 0
            on = schema.get_type(definition.type_condition.name.value)
            walk.selections(definition.selection_set, on, frozenset(), 0)


class _Walk:
    """Goes through selections in the order of execution, and adds up what they cost."""

    def __init__(self, document: DocumentNode) -> None:
        self.cost = 0
        self._fragments = {
            one.name.value: one for one in document.definitions if isinstance(one, FragmentDefinitionNode)
        }

    def selections(self, selected: SelectionSetNode | None, parent: object, above: Path, depth: int) -> None:
        """Whatever is selected of a type that may not be known."""
        if selected is None:
            return
        if depth > DEPTH_MAX:
            raise BadRequest(f"The query is nested more than {DEPTH_MAX} deep.", param="query")
        for one in selected.selections:
            if isinstance(one, FieldNode):
                self._field(one, parent, above, depth)
            elif isinstance(one, InlineFragmentNode):
                self._add(1)
                self.selections(one.selection_set, parent, above, depth + 1)
            elif isinstance(one, FragmentSpreadNode):
                self._add(1)
                fragment = self._fragments.get(one.name.value)
                self.selections(None if fragment is None else fragment.selection_set, parent, above, depth + 1)

    def _field(self, field: FieldNode, parent: object, above: Path, depth: int) -> None:
        self._add(READING_COST if field.arguments else 1)
        if not field.selection_set:
            return
        name, below = field.name.value, None
        if isinstance(parent, GraphQLObjectType):
            place = (parent.name, name)
            if place in above and not parent.name.startswith("__"):  # a schema's types lead to types
                raise BadRequest(f"`{name}` may not stand below itself.", param="query")
            above |= {place}
            definition = parent.fields.get(name)
            below = None if definition is None else get_named_type(definition.type)
        self.selections(field.selection_set, below, above, depth + 1)

    def _add(self, cost: int) -> None:
        self.cost += cost
        if self.cost > COST_MAX:
            rule = f"at most {COST_MAX} fields, one with arguments counts for {READING_COST}"
            raise BadRequest(f"The query asks for too much: {rule}.", param="query")
