"""What a request for thinking comes to: on or off, for how many tokens, and what each engine can be told. Pure."""

from __future__ import annotations

import msgspec

from antiphon.chat import Delta, Message, Reasoning
from antiphon.engines import Job
from antiphon.engines.thought import OFF, Level, Thinking, Thought
from antiphon.errors import BadRequest
from antiphon.structured.thought import after_thought

SHARES = {"xhigh": 95, "high": 80, "medium": 50, "low": 20, "minimal": 10}  # per cent of the tokens of an answer
LEVELS: tuple[tuple[int, Level], ...] = ((80, "high"), (50, "medium"), (0, "low"))  # what engines know, by share


def check(asked: Reasoning, max_tokens: int | None) -> None:
    """Refuse thoughts that would leave no token for the answer."""
    if asked.max_tokens is not None and max_tokens is not None and asked.max_tokens >= max_tokens:
        message = f"reasoning.max_tokens: {asked.max_tokens} leaves no answer within max_tokens {max_tokens}."
        raise BadRequest(message, param="reasoning.max_tokens")


def thinking(asked: Reasoning, room: int | None) -> Thinking | None:
    """What the caller wants of a model that thinks; None when nothing was said.

    `room` is how many tokens thoughts and answer may have together, None where that is not known. One of them is left
    for the answer, and thoughts for which no token is left are not begun.
    """
    if asked.enabled is False or asked.effort == "none":
        return OFF
    if asked.enabled is None and asked.effort is None and asked.max_tokens is None:
        return None
    if asked.max_tokens is None:
        share = SHARES[asked.effort or "medium"]
        tokens = None if room is None else room * share // 100
    else:
        share = SHARES["medium"] if not room else asked.max_tokens * 100 // room
        tokens = asked.max_tokens
    if tokens is not None and room is not None:
        tokens = min(tokens, room - 1)
    if tokens is not None and tokens < 1:
        return OFF
    return Thinking(enabled=True, tokens_max=tokens, level=next(level for least, level in LEVELS if share >= least))


def told(wanted: Thinking | None, thought: Thought) -> Thinking | None:
    """As much of it as one engine understands.

    Where the template has no switch, the thought is closed as soon as it is open. A bound that the engine would refuse
    or not keep is left out.
    """
    if wanted is None or (wanted.enabled and thought.bounded_by == "engine"):
        return wanted
    if not wanted.enabled and not thought.switched and thought.bounded_by == "engine":
        return Thinking(enabled=True, tokens_max=0)
    return msgspec.structs.replace(wanted, tokens_max=None)


def bound(grammar: str | None, asked: Thinking | None, thought: Thought) -> str | None:
    """The grammar for an engine that is told `asked`; None where only its own can stand behind the thought."""
    if grammar is None or not thought.constrained or (asked is not None and not asked.enabled):
        return grammar
    if not thought.closing:
        return None
    return after_thought(grammar, opening=thought.opening, closing=thought.closing, opened=thought.opened)


def hidden(deltas: list[Delta]) -> list[Delta]:
    """The deltas without what was thought."""
    return [
        msgspec.structs.replace(delta, reasoning="") if delta.reasoning else delta
        for delta in deltas
        if not delta.reasoning or delta.content or delta.tool_calls or delta.finish_reason is not None
    ]


def resumed(job: Job, thought: Thought, text: str, spent: int) -> Job:
    """The job that goes on where thinking was ended after `spent` tokens: the thought is closed, the answer begins."""
    closed = Message("assistant", f"{thought.opening}\n{text.strip()}\n{thought.closing}\n\n")
    sampling = job.sampling
    if sampling.max_tokens is not None:
        sampling = msgspec.structs.replace(sampling, max_tokens=max(1, sampling.max_tokens - spent))
    return msgspec.structs.replace(job, messages=(*job.messages, closed), sampling=sampling, thinking=OFF)
