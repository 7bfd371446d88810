"""Log-probabilities: one entry a token, in plain answers and in streams, with the candidates that were asked for."""

from __future__ import annotations

import math

from antiphon.conformance.areas.plain import STORY
from antiphon.conformance.check import Check
from antiphon.conformance.server import Server
from antiphon.conformance.verdict import expect, offered
from antiphon.conformance.wire import Entry

GREEDY = {"temperature": 0, "max_tokens": 6}
CLOSE = 0.01


async def _entries(server: Server, **fields: object) -> tuple[list[Entry], str]:
    choice = (await server.ask(STORY, **GREEDY, logprobs=True, **fields)).first
    offered(bool(choice.entries), "`logprobs.content` is not there.")
    return choice.entries, choice.text


async def entries(server: Server) -> None:
    """The tokens put together are the text, and none is likelier than certain."""
    found, text = await _entries(server)
    joined = "".join(entry.token for entry in found)
    expect(joined == text, f"The tokens make {joined!r}, the text is {text!r}.")
    expect(all(entry.logprob <= 0 for entry in found), "A log-probability is above 0.")


async def token_bytes(server: Server) -> None:
    """Each entry has its bytes, since a token may hold half a character."""
    found, text = await _entries(server)
    offered(all(entry.bytes is not None for entry in found), "An entry has no bytes.")
    joined = b"".join(bytes(entry.bytes or []) for entry in found if all(0 <= n < 256 for n in entry.bytes or []))
    expect(joined == text.encode(), f"The bytes make {joined!r}, the text is {text!r}.")


async def candidates(server: Server) -> None:
    """`top_logprobs` candidates stand at each token, the likeliest first."""
    for count in (1, 5):
        found, _ = await _entries(server, top_logprobs=count)
        for entry in found:
            logprobs = [one.logprob for one in entry.top_logprobs or []]
            expect(len(logprobs) == count, f"{len(logprobs)} candidates came where {count} were asked for.")
            expect(logprobs == sorted(logprobs, reverse=True), f"They are not in order: {logprobs}.")
            expect(abs(logprobs[0] - entry.logprob) < CLOSE, "The likeliest is not the greedy token.")


async def probabilities(server: Server) -> None:
    """Twenty candidates of one place have most of the probability, and never more than all of it."""
    found, _ = await _entries(server, top_logprobs=20)
    total = sum(math.exp(one.logprob) for one in found[0].top_logprobs or [])
    expect(0.2 < total < 1.001, f"Their probabilities add up to {total:.4f}.")


async def zero(server: Server) -> None:
    """`top_logprobs` 0 is allowed and gives no candidate."""
    found, _ = await _entries(server, top_logprobs=0)
    expect(not any(entry.top_logprobs for entry in found), "There are candidates.")


async def streamed(server: Server) -> None:
    """A stream has the same entries as the plain answer."""
    plain, _ = await _entries(server)
    stream = await server.stream(STORY, **GREEDY, logprobs=True)
    offered(bool(stream.entries()), "The stream has no log-probabilities.")
    told, wanted = [entry.token for entry in stream.entries()], [entry.token for entry in plain]
    expect(told == wanted, f"The stream has the tokens {told}, the plain answer {wanted}.")


async def off(server: Server) -> None:
    """Without `logprobs` there are none."""
    for value in (False, None):
        choice = (await server.ask(logprobs=value)).first
        expect(choice.logprobs is None, f"With logprobs {value} there are some.")


CHECKS = (
    Check("logprobs", entries, "OpenAI, DMind"),
    Check("logprobs", token_bytes, "OpenAI"),
    Check("logprobs", candidates, "OpenAI, DMind"),
    Check("logprobs", probabilities, "OpenAI"),
    Check("logprobs", zero, "DMind"),
    Check("logprobs", streamed, "OpenAI, DMind"),
    Check("logprobs", off, "OpenAI, DMind"),
)
