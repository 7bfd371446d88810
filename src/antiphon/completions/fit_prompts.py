"""Whether the prompts of a text completion fit into the model's context, and how much each leaves for its answer.

An engine is asked for the exact length only where a bound from the text's size leaves room for doubt.
"""

from __future__ import annotations

from msgspec.structs import replace

from antiphon.chat import Prompt
from antiphon.completions.fit import BYTES_OF_TOKEN_MIN, TOO_LONG, check_limit, insists, prompt_tokens
from antiphon.completions.plan import Plan
from antiphon.errors import BadRequest

MARK_TOKENS_MAX = 8  # more than any tokenizer puts around a text


async def prompts_fitted(plan: Plan) -> Plan:
    """The plan with a `max_tokens` that each of its prompts leaves room for; BadRequest when that cannot be.

    What no request and no model limits ends where the context does: engines differ in what they would do themselves.
    """
    context = plan.model.context_length
    if context is None:
        return plan
    check_limit(plan, context)
    for number, prompt in enumerate(plan.request.prompts):
        asked = plan.sampling.max_tokens
        if asked is not None and tokens_max(prompt) + asked <= context:
            continue
        known = isinstance(prompt, tuple)
        tokens = len(prompt) if known else await prompt_tokens(plan, number * plan.request.n)
        if tokens is None and asked is not None and asked >= context:
            tokens = min(_estimate(prompt), context - 1)  # as it is it fits in no case
        if tokens is not None:
            plan = _within(plan, context, tokens, f"prompt[{number}]" if len(plan.request.prompts) > 1 else "prompt")
    return plan


def tokens_max(prompt: Prompt) -> int:
    """A sure upper bound: no token is shorter than a byte."""
    if isinstance(prompt, tuple):
        return len(prompt)
    return MARK_TOKENS_MAX + (len(prompt) if prompt.isascii() else 4 * len(prompt))


def _estimate(prompt: Prompt) -> int:
    """How many tokens a text has where no engine can tell: rather more than less."""
    return MARK_TOKENS_MAX + len(str(prompt).encode()) // BYTES_OF_TOKEN_MIN


def _within(plan: Plan, context: int, tokens: int, param: str) -> Plan:
    if tokens >= context:
        message = f"{param}: it has {tokens} tokens, the model's context is {context}."
        raise BadRequest(message, param=param, code=TOO_LONG)
    asked, left = plan.sampling.max_tokens, context - tokens
    if asked is not None and asked <= left:
        return plan
    if insists(plan):
        message = f"max_tokens: {asked} and {param} of {tokens} tokens exceed the model's context of {context}."
        raise BadRequest(message, param="max_tokens", code=TOO_LONG)
    return replace(plan, sampling=replace(plan.sampling, max_tokens=left))


def check_prompts(prompts: tuple[Prompt, ...], vocabulary_size: int | None, param: str) -> None:
    """BadRequest for a token that the model does not have; `param` is the field that the prompts came in."""
    if vocabulary_size is None:
        return
    for number, prompt in enumerate(prompts):
        if isinstance(prompt, tuple) and max(prompt) >= vocabulary_size:
            place = f"{param}[{number}]" if len(prompts) > 1 else param
            message = f"{place}: the model has no token {max(prompt)}, its last one is {vocabulary_size - 1}."
            raise BadRequest(message, param=place)
