"""Whether a prompt fits: into the limit that its request sets, and into the model's context.

An engine is asked for the exact length only where a bound from the text's size leaves room for doubt.
"""

from __future__ import annotations

import asyncio

import msgspec

from antiphon.chat import ChatRequest, Message
from antiphon.completions.plan import Plan, PromptSize, job
from antiphon.completions.truncate import truncate
from antiphon.errors import BadRequest, EngineFailed, FirstTokenTimeout, Unavailable

TURN_TOKENS_MAX = 32  # more than any chat template adds to one turn
TEMPLATE_TOKENS_MAX = 512  # more than a template adds by itself, such as a default system message
BYTES_OF_TOKEN_MIN = 3  # fewer than texts have on average
TOO_LONG = "context_length_exceeded"


async def fitted(plan: Plan) -> Plan:
    """The plan with no more turns and tokens than there is room for; BadRequest when that cannot be."""
    limit = _limit(plan)
    size = prompt_bound(plan)
    if limit is not None and size > limit:
        plan = await _truncated(plan, limit)
        size = prompt_bound(plan)
    context = plan.model.context_length
    if context is None or (size + (plan.sampling.max_tokens or 1) <= context and not _shares_context(plan)):
        return plan
    return await _within_context(plan, context)


def _limit(plan: Plan) -> int | None:
    """How many tokens the prompt may have before turns are dropped: as asked, and as the context has room for."""
    asked, context = plan.request.prompt_tokens_max, plan.model.context_length
    if not plan.request.drops_turns or context is None:
        return asked
    room = max(1, context - (plan.request.sampling.max_tokens or 1))
    return room if asked is None else min(asked, room)


async def _within_context(plan: Plan, context: int) -> Plan:
    """Lower a default max_tokens to what the context leaves; refuse an explicit one, or a prompt, that does not fit."""
    check_limit(plan, context)
    asked = plan.sampling.max_tokens
    prompt = await prompt_tokens(plan)
    if prompt is None:
        if asked is None or asked < context:
            return plan
        prompt = min(sum(map(_estimate, plan.request.messages)), context - 1)  # as it is it fits in no case
    if prompt >= context:
        message = f"messages: the prompt has {prompt} tokens, the model's context is {context}."
        raise BadRequest(message, param="messages", code=TOO_LONG)
    left = context - prompt
    if asked is None:
        return msgspec.structs.replace(plan, room=left)
    if asked <= left:
        return plan
    if insists(plan):
        message = f"max_tokens: {asked} and a prompt of {prompt} tokens exceed the model's context of {context}."
        raise BadRequest(message, param="max_tokens", code=TOO_LONG)
    return msgspec.structs.replace(plan, sampling=msgspec.structs.replace(plan.sampling, max_tokens=left))


def check_limit(plan: Plan, context: int) -> None:
    """Refuse an explicit max_tokens that leaves no room for any prompt, also where none can be counted."""
    asked = plan.sampling.max_tokens
    if asked is not None and asked >= context and insists(plan):
        message = f"max_tokens: {asked} leaves no room for a prompt in the model's context of {context}."
        raise BadRequest(message, param="max_tokens", code=TOO_LONG)


def insists(plan: Plan) -> bool:
    """Whether max_tokens must not be lowered: the caller said it, at a door that shortens nothing."""
    return plan.request.sampling.max_tokens is not None and not plan.request.shortens


def _shares_context(plan: Plan) -> bool:
    """Whether thoughts are to be a share of what the context leaves."""
    if plan.sampling.max_tokens is not None or not plan.model.thinks:
        return False
    thinking = plan.thinking
    return thinking is not None and thinking.enabled and thinking.tokens_max is None


async def _truncated(plan: Plan, tokens_max: int) -> Plan:
    """The plan with as many of its latest turns as the prompt's limit has room for."""

    async def count(messages: tuple[Message, ...]) -> int:
        request = msgspec.structs.replace(plan.request, messages=messages)
        tokens = await prompt_tokens(msgspec.structs.replace(plan, request=request))
        return sum(_estimate(message) for message in messages) if tokens is None else tokens

    left = await truncate(plan.request.messages, tokens_max, count, firm=plan.request.prompt_limit_firm)
    if not left.dropped:
        return plan
    request = msgspec.structs.replace(plan.request, messages=left.messages)
    size = measured(request)
    return msgspec.structs.replace(plan, request=request, turns_dropped=left.dropped, prompt_size=size)


def _estimate(message: Message) -> int:
    """How many tokens a turn has where no engine can tell: rather more than less."""
    return TURN_TOKENS_MAX + len(message.text.encode()) // BYTES_OF_TOKEN_MIN


async def prompt_tokens(plan: Plan, index: int = 0) -> int | None:
    """The length of choice `index`'s prompt as an engine counts it, None when none can tell now."""
    offer = plan.model.first_live()
    try:
        async with asyncio.timeout_at(plan.first_token_at):
            return await offer.engine.count_prompt_tokens(job(plan, offer, index))
    except TimeoutError:
        raise FirstTokenTimeout from None
    except (EngineFailed, Unavailable):
        return None


def prompt_bound(plan: Plan) -> int:
    """A sure upper bound of the prompt's length in tokens."""
    return (plan.prompt_size or measured(plan.request)).tokens_max


def measured(request: ChatRequest) -> PromptSize:
    """How long the conversation is: no token is shorter than a byte, no template adds more than a little to a turn."""
    tokens, characters = TEMPLATE_TOKENS_MAX, 0
    for message in request.messages:
        text = message.content if type(message.content) is str else message.text
        size = len(text)
        characters += size
        tokens += TURN_TOKENS_MAX + (size if text.isascii() else 4 * size)
        if message.tool_calls:
            tokens += sum(len(call.name) + 4 * len(call.arguments) for call in message.tool_calls)
    if request.tools:
        tokens += 4 * len(msgspec.json.encode(request.tools))
    return PromptSize(tokens, characters)
