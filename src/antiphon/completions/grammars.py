"""What binds the text of an answer: grammars for a schema, for any JSON, and for emulated tool calls."""

from __future__ import annotations

import msgspec

from antiphon.completions.plan import Plan
from antiphon.errors import BadRequest
from antiphon.structured.grammar import compile_schema, json_object_grammar
from antiphon.structured.remainder import remainder
from antiphon.tools.check import check_tools
from antiphon.tools.grammar import tool_grammar

SCHEMA_PARAM = "response_format.json_schema.schema"


def grammars(plan: Plan) -> Plan:
    """The plan with what binds its text. Done for every engine alike, so that all refuse the same schemas."""
    request = plan.request
    wanted = request.response_format
    calling = bool(request.tools) and request.tool_choice != "none"
    grammar = tools = None
    if wanted.kind == "json_schema":
        grammar = compile_schema(wanted.schema, param=SCHEMA_PARAM).grammar
    elif wanted.kind == "json_object":
        grammar = json_object_grammar()
    if grammar is not None and plan.prefill:
        grammar = remainder(grammar, plan.prefill, param=f"messages[{len(request.messages) - 1}]")
    if calling:
        check_tools(request.tools, request.tool_choice)
        if plan.prefill is not None:
            raise BadRequest("messages: a closing assistant message cannot be continued with tools.", param="messages")
        if not all(offer.native_tools for offer in plan.model.offers):
            tools = tool_grammar(
                request.tools,
                choice=request.tool_choice,
                parallel=request.parallel_tool_calls,
                response_format=wanted,
            )
    schema = {"json_schema": wanted.schema, "json_object": {"type": "object"}}.get(wanted.kind)
    return msgspec.structs.replace(plan, grammar=grammar, tool_grammar=tools, schema=schema)
