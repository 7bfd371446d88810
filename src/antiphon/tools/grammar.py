"""The grammar of an answer that may, or must, call tools."""

from __future__ import annotations

from collections.abc import Sequence

from antiphon.chat import NamedTool, ResponseFormat, Tool, ToolChoice
from antiphon.structured import charsets
from antiphon.structured.budget import Budget
from antiphon.structured.gbnf import EMPTY, Grammar, Parts, Repeat, Rule, char_class, literal
from antiphon.structured.grammar import add_json_object, add_schema, rendered
from antiphon.tools.markup import CALL_OPEN, CALL_TAIL, CALLS_MAX, call_head, parameters_of

SCHEMA_PARAM = "response_format.json_schema.schema"


def tool_grammar(
    tools: Sequence[Tool],
    *,
    choice: ToolChoice,
    parallel: bool,
    response_format: ResponseFormat,
    preamble: bool = True,
) -> str | None:
    """GBNF of the answer, or None where any text will do (choice `none` with no response format).

    A forced call wins over `response_format`; with `auto` the answer is either calls or what the format asks for.
    Without `preamble` no text stands before calls, so that the first text tells that none will come.
    """
    grammar = Grammar(Budget(param="tools"))
    if choice == "none" or not tools:
        answer = _formatted(grammar, response_format)
        return None if answer is None else rendered(grammar, answer, param=SCHEMA_PARAM)
    calls = _calls(grammar, tools, choice, parallel=parallel)
    if choice == "auto":
        answer = _formatted(grammar, response_format)
        if answer is None and preamble:
            root = _free_text(grammar, calls)
        else:
            text = _free_text(grammar, None) if answer is None else answer
            root = grammar.add("answer", [(text,), _opened(calls)])
    else:
        root = grammar.add("answer", [_opened(calls)])
    return rendered(grammar, root, param="tools")


def wordy_grammar() -> str:
    """GBNF of any text that opens no call, for a model that has called and shall answer in words now."""
    grammar = Grammar(Budget(param="tools"))
    return rendered(grammar, _free_text(grammar, None), param="tools")


def _formatted(grammar: Grammar, response_format: ResponseFormat) -> Rule | None:
    """What an answer without calls must be; None if any text will do."""
    if response_format.kind == "text":
        return None
    if response_format.kind == "json_object":
        return add_json_object(grammar)
    return add_schema(grammar, response_format.schema, param=SCHEMA_PARAM)


def _opened(calls: Rule) -> Parts:
    return (literal(CALL_OPEN), calls)


def _calls(grammar: Grammar, tools: Sequence[Tool], choice: ToolChoice, *, parallel: bool) -> Rule:
    """One call, or several where more than one was not ruled out, behind the first opening mark."""
    call = grammar.add(
        "call",
        [
            (literal(call_head(tool.name)), _arguments(grammar, tool, index), literal(CALL_TAIL))
            for index, tool in enumerate(tools)
            if not isinstance(choice, NamedTool) or tool.name == choice.name
        ],
    )
    single = isinstance(choice, NamedTool) or not parallel
    further = EMPTY if single else (Repeat((literal("\n" + CALL_OPEN), call), 0, CALLS_MAX - 1),)
    return grammar.add("calls", [(call, *further)])


def _arguments(grammar: Grammar, tool: Tool, index: int) -> Rule:
    return add_schema(grammar, parameters_of(tool), param=f"tools[{index}].function.parameters", objects_only=True)


def _free_text(grammar: Grammar, calls: Rule | None) -> Rule:
    """Any text; once it holds the opening mark, calls follow and end it. Without `calls` it never holds the mark.

    Rule number i has read i characters of the mark; another character falls back to the longest beginning
    of the mark that is still possible.
    """
    rules = [grammar.reserve("text") for _ in CALL_OPEN]
    starters = sorted(set(CALL_OPEN))
    for read, rule in enumerate(rules):
        alternatives: list[Parts] = [EMPTY]
        for char in starters:
            reached = _overlap(CALL_OPEN[:read] + char)
            following = calls if reached == len(CALL_OPEN) else rules[reached]
            if following is not None:
                alternatives.append((literal(char), following))
        others = charsets.subtract(charsets.EVERYTHING, charsets.of(CALL_OPEN))
        alternatives.append((char_class(others), rules[0]))
        grammar.define(rule, alternatives)
    return rules[0]


def _overlap(text: str) -> int:
    """How much of the opening mark `text` ends with."""
    return next(size for size in range(len(CALL_OPEN), -1, -1) if text.endswith(CALL_OPEN[:size]))
