"""Runs a query: parsed, measured, validated, executed; whatever is wrong with it becomes an error in its answer.

The library behind it takes a tenth of a second to import, so that this module is imported when the first query comes.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

from graphql import (
    DocumentNode,
    ExecutionResult,
    GraphQLError,
    OperationDefinitionNode,
    execute,
    get_operation_ast,
    parse,
    validate,
)
from graphql.language import FieldNode, OperationType

from antiphon.errors import BadRequest, RequestError
from antiphon.graphql import bounds
from antiphon.graphql.mutations import Mutations
from antiphon.graphql.pace import Pace
from antiphon.graphql.queries import Queries
from antiphon.graphql.reading import Reading
from antiphon.graphql.schema import load_schema
from antiphon.http.errors import sentence

ERRORS_MAX = 5
MESSAGE_CHARACTERS_MAX = 500  # the library repeats what is wrong, however long it is
KEPT_MAX = 64
KEPT_CHARACTERS_MAX = 131_072
VARIABLES_DEPTH_MAX = 16
VARIABLES_MAX = 4_096  # values in all

Json = dict[str, Any]  # Any: GraphQL answers are nested JSON


class Execution:
    """One schema. Documents that were good stay parsed: clients send the same few again and again."""

    def __init__(self) -> None:
        self._schema = load_schema()
        self._kept: OrderedDict[str, DocumentNode] = OrderedDict()
        self._kept_characters = 0

    async def run(
        self, text: str, reading: Reading, *, operation_name: str | None = None, variables: Json | None = None
    ) -> Json:
        """The answer; what is wrong with the caller's query is told in it, any other failure is raised."""
        try:
            document = self._document(text)
            _check_variables(variables)
        except BadRequest as refusal:
            return {"errors": [_refused(refusal)]}
        except GraphQLError as error:
            return {"errors": [_shown(error)]}
        if isinstance(document, list):
            return {"errors": document}
        operation = get_operation_ast(document, operation_name)
        mutates = operation is not None and operation.operation == OperationType.MUTATION
        result = execute(
            self._schema,
            document,
            root_value=Mutations(reading) if mutates else Queries(reading),
            context_value=Pace(),
            variable_values=variables or {},
            operation_name=operation_name,
        )
        return _answer(result if isinstance(result, ExecutionResult) else await result)

    def _document(self, text: str) -> DocumentNode | list[Json]:
        """The document, or what is wrong with it; BadRequest for one that is too large, GraphQLError for a slip."""
        known = self._kept.get(text)
        if known is not None:
            self._kept.move_to_end(text)
            return known
        document = _parsed(text)
        bounds.check(self._schema, document)
        wrong = self._unsupported(document) or [
            _shown(error) for error in validate(self._schema, document, max_errors=ERRORS_MAX)
        ]
        if wrong:
            return wrong
        self._keep(text, document)
        return document

    def _unsupported(self, document: DocumentNode) -> list[Json]:
        """An error for each operation that asks for what no gateway has."""
        missing = []
        for definition in document.definitions:
            if not isinstance(definition, OperationDefinitionNode):
                continue
            root = self._schema.get_root_type(definition.operation)
            fields = {} if root is None else root.fields
            names = [one.name.value for one in definition.selection_set.selections if isinstance(one, FieldNode)]
            missing += [name for name in names if name not in fields and not name.startswith("__")]
        return [{"message": _short(f"Unsupported: there is no `{name}` here.")} for name in missing[:ERRORS_MAX]]

    def _keep(self, text: str, document: DocumentNode) -> None:
        self._kept[text] = document
        self._kept_characters += len(text)
        while len(self._kept) > KEPT_MAX or self._kept_characters > KEPT_CHARACTERS_MAX:
            oldest, _ = self._kept.popitem(last=False)
            self._kept_characters -= len(oldest)


def _parsed(text: str) -> DocumentNode:
    if len(text) > bounds.CHARACTERS_MAX:
        raise BadRequest(f"query: at most {bounds.CHARACTERS_MAX} characters are allowed.", param="query")
    try:
        return parse(text, max_tokens=bounds.TOKENS_MAX)
    except RecursionError:
        raise BadRequest("The query is nested too deeply.", param="query") from None


def _check_variables(variables: Json | None) -> None:
    """BadRequest for values that are nested too deeply, or are too many."""
    level: list[Any] = [variables]
    total = 0
    for _ in range(VARIABLES_DEPTH_MAX):
        total += len(level)
        if total > VARIABLES_MAX:
            raise BadRequest(f"variables: at most {VARIABLES_MAX} values are allowed.", param="variables")
        level = [value for one in level for value in _inside(one)]
    if level:
        raise BadRequest(f"variables: nested more than {VARIABLES_DEPTH_MAX} deep.", param="variables")


def _inside(value: Any) -> list[Any]:  # Any: JSON
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []


def _answer(result: ExecutionResult) -> Json:
    """The answer's JSON; an error that is not the caller's is raised, so that it is told and counted as one."""
    errors = result.errors or []
    for error in errors:
        cause = error.original_error
        # Without a path it was a variable that a scalar refused.
        if cause is not None and error.path is not None and not isinstance(cause, RequestError | GraphQLError):
            raise cause
    return {"data": result.data} | ({"errors": [_shown(error) for error in errors]} if errors else {})


def _shown(error: GraphQLError) -> Json:
    cause = error.original_error
    shown: Json = {**error.formatted, "message": _short(error.message)}
    if isinstance(cause, RequestError):
        shown |= _refused(cause)
    return shown


def _refused(refusal: RequestError) -> Json:
    """The sentence that stands at Adaptive's door too, with the code as GraphQL has it."""
    return {"message": sentence(refusal), "extensions": {"code": refusal.code}}


def _short(message: str) -> str:
    return message if len(message) <= MESSAGE_CHARACTERS_MAX else f"{message[:MESSAGE_CHARACTERS_MAX]}…"
