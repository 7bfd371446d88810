"""Shortened prompts: oldest turns go, the system message and the current turn stay, and the answer says so."""

from __future__ import annotations

from antiphon.conformance.check import Check
from antiphon.conformance.server import Body, Server, answered
from antiphon.conformance.verdict import expect, offered

TURN_WORDS = 24
SYSTEM: Body = {"role": "system", "content": "Be brief. " * 5}
LAST: Body = {"role": "user", "content": "And now say hi."}
LIMIT = 200
NUGEN_DEFAULT = 1500
HEADER = "x-prompt-truncated"


def conversation(turns: int) -> list[Body]:
    """A long conversation between a system message and a last question."""
    roles = ("user", "assistant")
    said = [{"role": roles[i % 2], "content": f"word {i} " * TURN_WORDS} for i in range(turns)]
    return [SYSTEM, *said, LAST]


async def _asked(server: Server, messages: list[Body], **fields: object) -> tuple[int, str | None]:
    """The prompt's tokens and what the header says of it."""
    reply = await server.good(server.body(messages=messages, max_tokens=2, **fields))
    tokens = answered(reply).spent.prompt_tokens
    expect(tokens > 0, "The prompt's tokens are not counted.")
    return tokens, reply.headers.get(HEADER)


async def shortened(server: Server) -> None:
    """`prompt_truncate_len` bounds the prompt in tokens, and the system message and the last turn stay."""
    least, _ = await _asked(server, [SYSTEM, LAST])
    tokens, _ = await _asked(server, conversation(10), prompt_truncate_len=LIMIT)
    offered(tokens <= LIMIT, f"The prompt has {tokens} tokens where {LIMIT} are allowed.")
    expect(tokens >= least, f"The prompt has {tokens} tokens, but the system message and the last turn have {least}.")


async def told(server: Server) -> None:
    """The header `x-prompt-truncated` says how many turns went, and is absent where none did."""
    _, header = await _asked(server, conversation(10), prompt_truncate_len=LIMIT)
    offered(header is not None and header.isdecimal() and int(header) > 0, f"The header is {header!r}.")
    _, header = await _asked(server, [SYSTEM, LAST], prompt_truncate_len=LIMIT)
    expect(header is None, f"Nothing went, and the header is {header!r}.")


async def nugen_default(server: Server) -> None:
    """At Nugen's door a prompt has at most 1500 tokens, although the request sets no limit."""
    tokens, _ = await _asked(server, conversation(NUGEN_DEFAULT // TURN_WORDS))
    offered(tokens <= NUGEN_DEFAULT, f"The prompt has {tokens} tokens.")


async def nugen_limit(server: Server) -> None:
    """At Nugen's door the request's own limit counts."""
    tokens, _ = await _asked(server, conversation(10), prompt_truncate_len=LIMIT)
    offered(tokens <= LIMIT, f"The prompt has {tokens} tokens where {LIMIT} are allowed.")


CHECKS = (
    Check("truncation", shortened, "Nugen"),
    Check("truncation", told, "Antiphon"),
    Check("truncation", nugen_default, "Nugen", "nugen"),
    Check("truncation", nugen_limit, "Nugen", "nugen"),
)
