"""Tools: calls that were forced come, are valid, and can be answered, on models that know no tools as well."""

from __future__ import annotations

from collections.abc import Sequence

from antiphon.conformance.areas.structured import check_valid
from antiphon.conformance.check import Check
from antiphon.conformance.server import Body, Server
from antiphon.conformance.verdict import expect, offered
from antiphon.conformance.wire import Call

QUESTION = "What is the weather in Rome for two days?"
TOKENS = 160
WEATHER: Body = {
    "type": "object",
    "properties": {"city": {"enum": ["Rome", "Paris", "Oslo"]}, "days": {"type": "integer"}},
    "required": ["city", "days"],
    "additionalProperties": False,
}
TIME: Body = {
    "type": "object",
    "properties": {"zone": {"enum": ["CET", "UTC"]}},
    "required": ["zone"],
    "additionalProperties": False,
}
SCHEMAS = {"get_weather": WEATHER, "get_time": TIME}
TOOLS = [
    {"type": "function", "function": {"name": name, "description": f"Calls {name}.", "parameters": schema}}
    for name, schema in SCHEMAS.items()
]
ONE: Body = {"tools": TOOLS, "parallel_tool_calls": False, "max_tokens": TOKENS}


def named(name: str) -> Body:
    """A choice that forces one tool."""
    return {"type": "function", "function": {"name": name}}


def check_calls(calls: Sequence[Call], reasons: list[str | None], names: Sequence[str] = tuple(SCHEMAS)) -> None:
    """Return if there are calls of these tools, with ids and valid arguments, as the reason for the end."""
    offered(bool(calls), "No call came although one was forced.")
    expect(len({call.id for call in calls}) == len(calls), "Two calls have one id.")
    for call in calls:
        expect(bool(call.id), "A call has no id.")
        expect(call.type == "function", f"A call has the type {call.type!r}.")
        expect(call.function.name in names, f"The call is of {call.function.name!r}.")
        check_valid(SCHEMAS[call.function.name or ""], call.function.arguments or "")
    expect(reasons == ["tool_calls"], f"The reasons are {reasons}.")


async def required(server: Server) -> None:
    """`required` makes a call with valid arguments, whatever the model would rather say."""
    choice = (await server.ask(QUESTION, tool_choice="required", **ONE)).first
    check_calls(choice.calls, [choice.finish_reason])
    expect(not choice.text, f"There is text beside the call: {choice.text!r}.")


async def one_by_name(server: Server) -> None:
    """A tool that is chosen by its name is the one that is called, and the reason is `tool_calls`."""
    for name in SCHEMAS:
        choice = (await server.ask(QUESTION, tool_choice=named(name), **ONE)).first
        check_calls(choice.calls, [choice.finish_reason], [name])


async def streamed(server: Server) -> None:
    """In a stream the name comes first and the arguments in pieces, each at its call's index."""
    stream = await server.stream(QUESTION, tool_choice=named("get_weather"), **ONE)
    check_calls(stream.calls(), [*stream.reasons()], ["get_weather"])


async def none(server: Server) -> None:
    """`none` calls nothing."""
    choice = (await server.ask(QUESTION, tools=TOOLS, tool_choice="none", max_tokens=12)).first
    expect(not choice.calls, "There is a call.")
    expect(choice.finish_reason in {"stop", "length"}, f"The reason is {choice.finish_reason!r}.")


async def auto(server: Server) -> None:
    """`auto` gives either text or valid calls, never a call written as text."""
    fields = ONE | {"tool_choice": "auto", "max_tokens": 60, "temperature": 0}
    choice = (await server.ask(QUESTION, **fields)).first
    if choice.finish_reason == "tool_calls":
        check_calls(choice.calls, [choice.finish_reason])
    else:
        expect('"arguments"' not in choice.text, f"A call is written as text: {choice.text[:100]!r}.")


async def single(server: Server) -> None:
    """Without `parallel_tool_calls` there is one call at most."""
    choice = (await server.ask("Weather in Rome, Paris and Oslo?", tool_choice="required", **ONE)).first
    offered(bool(choice.calls), "No call came although one was forced.")
    expect(len(choice.calls) == 1, f"There are {len(choice.calls)} calls.")


async def result(server: Server) -> None:
    """A call and its result can be sent back, and the model answers in words."""
    call = {"id": "call_1", "type": "function", "function": {"name": "get_time", "arguments": '{"zone": "UTC"}'}}
    asked = [{"role": "user", "content": "What time is it?"}]
    messages = [
        *asked,
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "call_1", "content": '{"time": "12:30, a quarter before lunch"}'},
    ]
    fields: Body = {"tools": TOOLS, "tool_choice": "none", "max_tokens": 12}
    told = await server.ask(messages=messages, **fields)
    expect(bool(told.first.text or told.first.message.thought), "Nothing was said.")
    alone = await server.ask(messages=asked, **fields)
    more = told.spent.prompt_tokens - alone.spent.prompt_tokens
    offered(more > 10, f"The call and its result made the prompt {more} tokens longer.")


async def no_parameters(server: Server) -> None:
    """A tool without parameters is called with an empty object."""
    tool = {"type": "function", "function": {"name": "ping"}}
    fields: Body = {"tools": [tool], "tool_choice": "required", "parallel_tool_calls": False, "max_tokens": 60}
    choice = (await server.ask("Ping.", **fields)).first
    offered(bool(choice.calls), "No call came although one was forced.")
    check_valid({"type": "object", "maxProperties": 0}, choice.calls[0].function.arguments or "")


async def empty_list(server: Server) -> None:
    """An empty list of tools is none."""
    expect(not (await server.ask(tools=[])).first.calls, "There is a call.")


async def cut(server: Server) -> None:
    """A call that was cut says `length`, and no mark of it shows as text."""
    choice = (await server.ask(QUESTION, tools=TOOLS, tool_choice="required", max_tokens=3)).first
    expect(choice.finish_reason == "length", f"The reason is {choice.finish_reason!r}.")
    offered(not choice.text, f"It says {choice.text!r}.")


CHECKS = (
    Check("tools", required, "OpenAI"),
    Check("tools", one_by_name, "OpenAI, Nugen"),
    Check("tools", streamed, "OpenAI"),
    Check("tools", none, "OpenAI, Nugen"),
    Check("tools", auto, "OpenAI, Nugen"),
    Check("tools", single, "OpenAI"),
    Check("tools", result, "OpenAI, Nugen"),
    Check("tools", no_parameters, "OpenAI"),
    Check("tools", empty_list, "OpenAI"),
    Check("tools", cut, "Antiphon", mandatory=False),
)
