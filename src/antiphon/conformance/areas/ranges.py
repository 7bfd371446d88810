"""Values that no API takes: each is refused with the door's status, and none is bent until it fits."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from http import HTTPStatus

from antiphon.conformance.areas.tools import TOOLS
from antiphon.conformance.check import Check
from antiphon.conformance.server import CHAT, VALIDATION, Body, Server, named, refused
from antiphon.conformance.verdict import offered

SOON = [" ", "e", "a", "\n"]  # where a value without a bound is taken, the answer still ends
CONTEXT_TOKENS_MAX = 16_384  # a longer prompt than this is too much to send for a check
UNNAMED_TOOL: Body = {"type": "function", "function": {"name": "no spaces"}}


async def _all_refused(server: Server, *bad: Body, **beside: object) -> None:
    """Every one of these is refused, each `beside` what does no harm; what is taken is told together."""
    taken = []
    for fields in bad:
        reply = await server.chat(**(fields | beside))
        if reply.status < HTTPStatus.BAD_REQUEST:
            taken.append(named(fields))
        else:
            refused(reply, VALIDATION[server.door], named(fields))
    offered(not taken, f"Taken: {'; '.join(taken)}.")


async def temperature(server: Server) -> None:
    """`temperature` is a number from 0 to 2."""
    await _each(server, "temperature", -0.1, 2.01, "1", True)


async def top_p(server: Server) -> None:
    """`top_p` is a number from 0 to 1."""
    await _each(server, "top_p", -0.01, 1.01, "1")


async def top_k(server: Server) -> None:
    """`top_k` is a whole number, -1 or more."""
    await _each(server, "top_k", -2, 1.5, "5")


async def min_p(server: Server) -> None:
    """`min_p` is a number from 0 to 1."""
    await _each(server, "min_p", -0.1, 1.1, "0")


async def penalties(server: Server) -> None:
    """The penalties are numbers from -2 to 2."""
    await _each(server, "presence_penalty", -2.1, 2.1, "0")
    await _each(server, "frequency_penalty", -2.1, 2.1, "0")


async def max_tokens(server: Server) -> None:
    """`max_tokens` is a whole number, 1 or more, and is not lowered in silence."""
    await _all_refused(server, *({"max_tokens": value} for value in (0, -1, 1.5, "16", 10**30)), stop=SOON)


async def n(server: Server) -> None:
    """`n` is a whole number, and bounded."""
    await _each(server, "n", -1, 1.5, "2", 10**6)


async def stop(server: Server) -> None:
    """`stop` has at most four texts, none of them empty."""
    await _each(server, "stop", ["1", "2", "3", "4", "5"], "", ["a", ""], [1])


async def seed(server: Server) -> None:
    """`seed` is a whole number."""
    await _each(server, "seed", 1.5, "1")


async def logprobs(server: Server) -> None:
    """`top_logprobs` goes from 0 to 20 and needs `logprobs`."""
    bad = ({"logprobs": True, "top_logprobs": value} for value in (-1, 21, "3"))
    await _all_refused(server, {"top_logprobs": 3}, {"logprobs": False, "top_logprobs": 3}, {"logprobs": 5}, *bad)


async def logit_bias(server: Server) -> None:
    """`logit_bias` takes token ids to numbers from -100 to 100."""
    await _each(server, "logit_bias", {"5": 101}, {"5": "1"}, {"x": 1})


async def model(server: Server) -> None:
    """`model` is a name, and must be there."""
    await _each(server, "model", None, 5, "")


async def messages(server: Server) -> None:
    """`messages` is a list with at least one message."""
    await _each(server, "messages", None, [], "hi", [{}], ["hi"])


async def roles(server: Server) -> None:
    """A role is one that is known; `function` is not taken any more."""
    bad = ({"role": "robot", "content": "hi"}, {"role": "function", "name": "f", "content": "hi"})
    await _all_refused(server, *({"messages": [message]} for message in bad))


async def content(server: Server) -> None:
    """A user's content is text or a list of known parts, and neither null nor empty as a list."""
    nothing: list[object] = []
    bad = (None, 5, nothing, ["hi"], [{"type": "smell"}])
    await _all_refused(server, *({"messages": [{"role": "user", "content": value}]} for value in bad))


async def response_format(server: Server) -> None:
    """`response_format` is one of three, and a schema has a name."""
    unnamed = {"type": "json_schema", "json_schema": {"schema": {}}}
    await _each(server, "response_format", "json", {"type": "xml"}, {"type": "json_schema"}, unnamed)


async def tools(server: Server) -> None:
    """A tool is a function with a name of letters, digits, `_` and `-`."""
    await _each(server, "tools", "look", [{}], [{"type": "retrieval"}], [UNNAMED_TOOL])


async def tool_choice(server: Server) -> None:
    """`tool_choice` needs tools, and a name that is one of theirs."""
    missing = {"type": "function", "function": {"name": "fly"}}
    chosen: tuple[Body, ...] = tuple({"tools": TOOLS, "tool_choice": choice} for choice in ("sometimes", missing))
    await _all_refused(server, {"tool_choice": "required"}, *chosen)


async def stream(server: Server) -> None:
    """`stream` is true or false."""
    await _each(server, "stream", "true", 1)


async def functions(server: Server) -> None:
    """The old `functions` and `function_call` are refused, not ignored."""
    await _all_refused(server, {"functions": TOOLS[:1]}, {"function_call": "auto"})


async def time_limits(server: Server) -> None:
    """`timeout_secs` is above 0 and bounded, `max_ttft_ms` is not negative."""
    await _each(server, "timeout_secs", 0, -1, 10**9, "10")
    await _each(server, "max_ttft_ms", -1, "10")


async def not_a_number(server: Server) -> None:
    """NaN, infinities and numbers beyond every float are refused."""
    for number in (b"NaN", b"Infinity", b"1e999"):
        body = b'{"model":"m","messages":[{"role":"user","content":"hi"}],"temperature":%b}' % number
        refused(await server.send("POST", CHAT, body), VALIDATION[server.door], f"`temperature`: {number.decode()}")


async def context(server: Server) -> None:
    """A prompt that does not fit the model's context is refused, not cut in silence."""
    length = server.subject.context_length or 0
    offered(length > 0, "The list of models does not say how long the context is.")
    if length > CONTEXT_TOKENS_MAX:
        return
    await _all_refused(server, {"messages": [{"role": "user", "content": "word " * (length + 100)}]})


async def max_tokens_beyond_context(server: Server) -> None:
    """An explicit `max_tokens` that the context does not leave is refused."""
    length = server.subject.context_length or 0
    offered(length > 0, "The list of models does not say how long the context is.")
    await _all_refused(server, {"max_tokens": length + 1}, stop=SOON)


async def _each(server: Server, field: str, *values: object) -> None:
    await _all_refused(server, *({field: value} for value in values))


def _check(run: Callable[[Server], Awaitable[None]], source: str, *, mandatory: bool = True) -> Check:
    return Check("ranges", run, source, mandatory=mandatory)


CHECKS = (
    _check(temperature, "OpenAI, DMind, Nugen"),
    _check(top_p, "OpenAI, DMind"),
    _check(top_k, "DMind"),
    _check(min_p, "DMind"),
    _check(penalties, "OpenAI, DMind"),
    _check(max_tokens, "DMind"),
    _check(n, "OpenAI"),
    _check(stop, "OpenAI, DMind"),
    _check(seed, "OpenAI"),
    _check(logprobs, "OpenAI, DMind"),
    _check(logit_bias, "OpenAI"),
    _check(model, "OpenAI, Dria, DMind"),
    _check(messages, "OpenAI, Nugen"),
    _check(roles, "OpenAI"),
    _check(content, "OpenAI"),
    _check(response_format, "OpenAI, Dria"),
    _check(tools, "OpenAI"),
    _check(tool_choice, "OpenAI"),
    _check(stream, "OpenAI"),
    _check(functions, "Antiphon", mandatory=False),
    _check(time_limits, "Dria, Adaptive"),
    _check(not_a_number, "OpenAI"),
    _check(context, "Dria"),
    _check(max_tokens_beyond_context, "Dria"),
)
