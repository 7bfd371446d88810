"""How an answer that broke off goes on at another engine: from where it ended, or again from its start. Pure.

From where it ended: what was said so far closes the conversation, as if the client had begun the answer itself.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from antiphon.chat import Message, Usage
from antiphon.completions.plan import Plan, job
from antiphon.completions.transcript import Transcript
from antiphon.engines import Job
from antiphon.engines.thought import OFF, Thought
from antiphon.models.catalogue import Offer
from antiphon.structured.remainder import remainder
from antiphon.structured.thought import after_thought
from antiphon.tools.markup import CALL_OPEN, CALL_TAIL, call_head

Way = Literal["prefill", "replay"]


def way(plan: Plan, offer: Offer, said: Transcript, *, emulated: bool) -> Way | None:
    """How this engine can go on with what was said; None where it cannot do so exactly.

    `emulated`: calls are read out of the text.
    """
    again: Way | None = "replay" if _repeats(plan) else None
    request = plan.request
    if request.tools and request.tool_choice != "none" and not emulated:
        return again if offer.native_tools else _from_written(plan, offer, said)
    if request.prompts:
        return "prefill" if all(isinstance(prompt, str) for prompt in request.prompts) else again
    if said.thought and not _marked(plan, offer.thought, said):
        return again
    if not offer.engine.continues or (plan.schema is not None and not offer.engine.takes_grammar):
        return again
    return "prefill"


def _from_written(plan: Plan, offer: Offer, said: Transcript) -> Way | None:
    """How an engine whose calls are read out of its text goes on behind calls that another one told apart from it."""
    known = plan.tool_grammar is not None and all(call.name for call in said.calls.values())
    thought = not said.thought or _marked(plan, offer.thought, said)
    return "prefill" if known and thought and offer.engine.continues else None


def written(said: Transcript) -> str:
    """What was said with its calls, as an engine writes them that does not tell them apart; the last one stays open."""
    calls = [f"{CALL_OPEN}{call_head(call.name)}{call.arguments}" for _, call in sorted(said.calls.items())]
    return "\n".join(filter(None, (said.text.rstrip() if calls else said.text, f"{CALL_TAIL}\n".join(calls))))


def thinks_on(way: Way, said: Transcript) -> bool:
    """Whether the engine goes on inside a thought."""
    return way == "prefill" and bool(said.thought) and not said.text


def as_asked(offer: Offer, *, emulated: bool) -> Offer:
    """The offer as the choice needs it: one that began with calls in its text goes on so."""
    return msgspec.structs.replace(offer, native_tools=False) if emulated and offer.native_tools else offer


def continued(plan: Plan, offer: Offer, index: int, said: Transcript, *, spent: int) -> Job:
    """The job that goes on behind what was said, `spent` tokens so far; BadRequest where its grammar has no such text.

    A grammar binds only what an engine still has to write, so it gets that of the rest.
    """
    text = said.text
    sampling = plan.sampling
    if sampling.max_tokens is not None:
        sampling = msgspec.structs.replace(sampling, max_tokens=max(1, sampling.max_tokens - spent))
    if plan.request.prompts:
        asked = job(msgspec.structs.replace(plan, sampling=sampling), offer, index)
        assert isinstance(asked.prompt, str), "token ids are not joined with text"
        return msgspec.structs.replace(asked, prompt=asked.prompt + text)
    inside = bool(said.thought) and not text
    thought = offer.thought or Thought()
    request = plan.request
    closing = Message("assistant", _opened(said, thought))
    bound = {
        name: None if grammar is None else _rest(grammar, said, thought, inside=inside)
        for name, grammar in (("grammar", plan.grammar), ("tool_grammar", plan.tool_grammar))
    }
    begun = msgspec.structs.replace(
        plan,
        request=msgspec.structs.replace(request, messages=(*request.messages, closing)),
        prefill=(plan.prefill or "") + text,
        sampling=sampling,
        **bound,
    )
    asked = job(begun, offer, index)
    return msgspec.structs.replace(asked, thinking=OFF) if inside else asked


def counted(usage: Usage | None, *, prompt: int | None, tokens: int, spent: int, thoughts: int) -> Usage:
    """What a whole answer took, by the usage of the job that went on behind `spent` tokens of it; each counts once.

    `prompt`: the length of the prompt as it was asked, None where no engine tells it. `tokens`, `thoughts`: what was
    counted here.
    """
    if usage is None:
        return Usage(prompt_tokens=prompt or 0, completion_tokens=tokens, reasoning_tokens=thoughts)
    prompt_tokens = max(0, usage.prompt_tokens - spent) if prompt is None else prompt
    return Usage(
        prompt_tokens=prompt_tokens,
        completion_tokens=usage.completion_tokens + spent,
        cached_tokens=min(usage.cached_tokens, prompt_tokens),
        reasoning_tokens=max(usage.reasoning_tokens, thoughts),
        image_tokens=usage.image_tokens,
    )


def _repeats(plan: Plan) -> bool:
    """Whether the same job has the same answer, as far as an engine can help it."""
    return plan.sampling.seed is not None or plan.sampling.temperature == 0


def _marked(plan: Plan, thought: Thought | None, said: Transcript) -> bool:
    """Whether a thought can be put in front of the answer; one whose length is bounded is not gone on with."""
    if thought is None or not thought.closing:
        return False
    thinking = plan.thinking
    return bool(said.text) or thinking is None or thinking.tokens_max is None


def _opened(said: Transcript, thought: Thought) -> str:
    if not said.thought:
        return said.text
    if not said.text:
        return f"{thought.opening}\n{said.thought.lstrip()}"
    return f"{thought.opening}\n{said.thought.strip()}\n{thought.closing}\n\n{said.text}"


def _rest(grammar: str, said: Transcript, thought: Thought, *, inside: bool) -> str:
    if not inside:
        return remainder(grammar, said.text, param="messages") if said.text else grammar
    thinking = after_thought(grammar, opening=thought.opening, closing=thought.closing, opened=True)
    return remainder(thinking, said.thought, param="messages")
