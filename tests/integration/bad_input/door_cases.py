"""Responses and messages: items and blocks of every wrong form, and results of tools in the wrong place."""

from __future__ import annotations

from collections.abc import Callable

from .case import JSON, MODEL, Case, post

RESPONSES, MESSAGES, COUNT = "/v1/responses", "/v1/messages", "/v1/messages/count_tokens"
CALL: JSON = {"type": "function_call", "call_id": "a", "name": "f", "arguments": "{}"}
OUTPUT: JSON = {"type": "function_call_output", "call_id": "a", "output": "7"}
USE: JSON = {"type": "tool_use", "id": "a", "name": "f", "input": {}}
RESULT: JSON = {"type": "tool_result", "tool_use_id": "a", "content": "7"}
HELLO: JSON = {"role": "user", "content": "hello"}
CONTENT = "messages[0].content[0]"
BODIES: list[JSON] = [b"", b"{", []]

WRONG_ITEMS: dict[str, list[JSON]] = {
    "input": [None, [], 5, {}, [{"type": "reasoning", "summary": []}], [HELLO] * 2049],
    "input[0]": [[None], [5], [{"type": "item_reference", "id": "a"}]],
    "input[0].type": [[{"type": "web_search_call"}]],
    "input[0].role": [[{"role": "tool", "content": "a"}], [{"content": "a"}]],
    "input[0].content": [[{"role": "user"}], [{"role": "user", "content": None}], [{"role": "user", "content": []}]],
    "input[0].content[0].type": [[{"role": "user", "content": [{"type": "input_audio"}]}]],
    "input[0].call_id": [[OUTPUT], [OUTPUT, CALL], [{**CALL, "call_id": None}]],
    "input[1].output": [[CALL, {**OUTPUT, "output": None}]],
    "input[2].call_id": [[CALL, OUTPUT, OUTPUT], [HELLO, CALL, {**OUTPUT, "call_id": "b"}]],
}
WRONG_OF_RESPONSES: dict[str, list[JSON]] = {
    "previous_response_id": ["resp_none", "a\0", "", 5],
    "max_output_tokens": [0, -1, 1.5, 10**20, "5"],
    "temperature": [3, -1, "hot"],
    "text.format.type": [{"format": {"type": "xml"}}],
    "tool_choice": ["required", "sometimes"],
    "background": [True],
    "conversation": ["conv_1"],
    "include[0]": [["everything"]],
    "stream": ["yes", 1],
    "n": [2],
}
WRONG_MESSAGES: dict[str, list[JSON]] = {
    "messages": [None, [], 5],
    "messages[0]": [[None]],
    "messages[0].role": [[{"role": "tool", "content": "a"}], [{"content": "a"}]],
    "messages[0].content": [[{"role": "user"}], [{"role": "user", "content": None}], [{"role": "user", "content": []}]],
    f"{CONTENT}.type": [[{"role": "user", "content": [block]}] for block in ({}, {"type": "document"}, USE)],
    f"{CONTENT}.text": [[{"role": "user", "content": [{"type": "text"}]}]],
    f"{CONTENT}.source": [[{"role": "user", "content": [{"type": "image"}]}]],
    f"{CONTENT}.tool_use_id": [[{"role": "user", "content": [RESULT]}]],
    f"{CONTENT}.input": [[{"role": "assistant", "content": [{**USE, "input": "7"}]}]],
    "messages[1].content[0].tool_use_id": [
        [{"role": "assistant", "content": [USE]}, {"role": "user", "content": [{**RESULT, "tool_use_id": "b"}]}],
    ],
    "messages[1].content[1].tool_use_id": [
        [{"role": "assistant", "content": [USE]}, {"role": "user", "content": [RESULT, RESULT]}],
    ],
    "messages[2].content[0].tool_use_id": [
        [{"role": "assistant", "content": [USE]}, {"role": "assistant", "content": "No."},
         {"role": "user", "content": [RESULT]}],
    ],
}  # fmt: skip
WRONG_OF_MESSAGES: dict[str, list[JSON]] = {
    "max_tokens": [0, -1, "5", 10**20],
    "system": [5],
    "stop_sequences[0]": [[""], [None]],
    "thinking.budget_tokens": [{"type": "enabled"}, {"type": "enabled", "budget_tokens": 9}],
    "tools[0].input_schema": [[{"name": "f"}]],
    "tools[0].type": [[{"type": "bash_20250124", "name": "bash"}]],
    "tool_choice": [{"type": "any"}],
    "mcp_servers": [[{}]],
}


def response(name: str, /, *status: int, param: str | None = None, **fields: JSON) -> Case:
    """A request for a response that is good but for these fields."""
    return post(
        RESPONSES, name, {"model": MODEL, "input": "hello", "max_output_tokens": 2, **fields}, *status, param=param
    )


def message(name: str, /, *status: int, param: str | None = None, **fields: JSON) -> Case:
    """A request for a message that is good but for these fields."""
    return post(MESSAGES, name, {"model": MODEL, "messages": [HELLO], "max_tokens": 2, **fields}, *status, param=param)


def cases() -> list[Case]:
    """What is refused names its field, in each door's own shape; nulls mean nothing."""
    items = [(param, value) for param, values in WRONG_ITEMS.items() for value in values]
    turns = [(param, value) for param, values in WRONG_MESSAGES.items() for value in values]
    return [
        *(response(f"input={str(value)[:60]}", input=value, param=param) for param, value in items),
        *(_field(response, param, value) for param, values in WRONG_OF_RESPONSES.items() for value in values),
        *(message(f"messages={str(value)[:60]}", messages=value, param=param) for param, value in turns),
        *(_field(message, param, value) for param, values in WRONG_OF_MESSAGES.items() for value in values),
        response("a model that is not there", 404, model="lab/unknown:1b", param="model"),
        message("a model that is not there", 404, model="lab/unknown:1b"),
        response("nulls", 200, instructions=None, previous_response_id=None, text=None, tools=None, store=None),
        message("nulls", 200, system=None, stop_sequences=None, thinking=None, tools=None, metadata=None),
        response("an output in its place", 200, input=[HELLO, CALL, OUTPUT]),
        message("a result in its place", 200, messages=[
            HELLO, {"role": "assistant", "content": [USE]}, {"role": "user", "content": [RESULT]},
        ]),
        *(post(path, f"{body!r} at {path}", body) for path in (RESPONSES, MESSAGES, COUNT) for body in BODIES),
        post(MESSAGES, "half a surrogate", b'{"model": "m", "messages": [{"role": "user", "content": "\\ud800"}]}'),
    ]  # fmt: skip


def _field(make: Callable[..., Case], param: str, value: JSON) -> Case:
    """One whose top field has that value; the error names `param`, a place in it."""
    name = param.partition(".")[0].partition("[")[0]
    return make(f"{name}={str(value)[:40]}", param=param, **{name: value})
