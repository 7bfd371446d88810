"""From a checked request to a Plan: model, permission, images, grammars, defaults, and whether it fits the context."""

from __future__ import annotations

import asyncio

import msgspec

from antiphon.accounts.keys import Key
from antiphon.chat import ChatRequest, Image, Message, Part, Sampling
from antiphon.completions.plan import Bounds, Plan, closed_once, job
from antiphon.errors import BadRequest, EngineFailed, FirstTokenTimeout, PermissionDenied, Unavailable
from antiphon.models.catalogue import Catalogue, Model
from antiphon.structured.grammar import compile_schema, json_object_grammar
from antiphon.structured.remainder import remainder
from antiphon.tools.check import check_tools
from antiphon.tools.grammar import tool_grammar
from antiphon.vision.admission import ImageAdmission

SCHEMA_PARAM = "response_format.json_schema.schema"
PREFILL_CHARACTERS_INLINE = 10_000  # the remainder of a grammar after more may take longer than a loop should wait
TURN_TOKENS_MAX = 32  # more than any chat template adds to one turn
TEMPLATE_TOKENS_MAX = 512  # more than a template adds by itself, such as a default system message


class Preparation:
    """Makes plans. Make it within a running event loop."""

    def __init__(self, catalogue: Catalogue, images: ImageAdmission, bounds: Bounds) -> None:
        self._catalogue = catalogue
        self._images = images
        self._bounds = bounds
        self._loop = asyncio.get_running_loop()

    async def plan(self, request: ChatRequest, key: Key) -> Plan:
        """Check `request` against the model it names; every refusal names its field."""
        model = self._catalogue.find(request.model)
        if key.models and model.id not in key.models:
            raise PermissionDenied(f"This key may not use the model {model.id!r}.")
        if request.sampling.logit_bias and model.vocabulary_size is not None:
            _check_tokens(request.sampling.logit_bias, model.vocabulary_size)
        if _holds_images(request):
            request = await self._admit_images(request, model)
        plan = self._timed(request, model)
        if request.tools or request.response_format.kind != "text":
            long = plan.prefill is not None and len(plan.prefill) > PREFILL_CHARACTERS_INLINE
            plan = await asyncio.to_thread(_grammars, plan) if long else _grammars(plan)
        context = model.context_length
        if context is None or _prompt_tokens_max(request) + (plan.sampling.max_tokens or 1) <= context:
            return plan
        return await _fit(plan, context)

    def _timed(self, request: ChatRequest, model: Model) -> Plan:
        bounds = self._bounds
        if request.timeout_s is not None and request.timeout_s > bounds.total_s_max:
            message = f"timeout_secs: expected at most {bounds.total_s_max:g}."
            raise BadRequest(message, param="timeout_secs")
        now = self._loop.time()
        total_s = request.timeout_s or model.timeout_s or bounds.total_s
        first_token_s = bounds.first_token_s if request.max_ttft_s is None else request.max_ttft_s
        sampling = request.sampling.filled(model.defaults)
        if request.scores and model.domain_aligned and not sampling.logprobs:
            sampling = msgspec.structs.replace(sampling, logprobs=True)
        return Plan(
            request=request,
            model=model,
            sampling=sampling,
            begun_at=now,
            total_at=now + total_s,
            first_token_at=now + first_token_s,
            prefill=_prefill(request.messages) if request.messages[-1].role == "assistant" else None,
        )

    async def _admit_images(self, request: ChatRequest, model: Model) -> ChatRequest:
        """Every image as a clean data URL; a model that takes no images refuses them before any is read."""
        places = [
            (i, j, part)
            for i, message in enumerate(request.messages)
            if isinstance(message.content, tuple)
            for j, part in enumerate(message.content)
            if isinstance(part, Image)
        ]
        if "image" not in model.modalities:
            param = f"messages[{places[0][0]}].content[{places[0][1]}]"
            raise BadRequest(f"{param}: the model {model.id!r} does not take images.", param=param)
        self._images.check_count(len(places))
        urls = {}
        for i, j, part in places:
            urls[i, j] = await self._images.admit(part.url, param=f"messages[{i}].content[{j}].image_url")
        messages = tuple(_with_images(message, i, urls) for i, message in enumerate(request.messages))
        return msgspec.structs.replace(request, messages=messages)


def _prefill(messages: tuple[Message, ...]) -> str | None:
    last = closed_once(messages)[-1]
    return last.text if last.role == "assistant" and not last.tool_calls else None


def _check_tokens(logit_bias: dict[str, float], vocabulary_size: int) -> None:
    for token in logit_bias:
        if int(token) >= vocabulary_size:
            message = f"logit_bias: the model has no token {token}, its last one is {vocabulary_size - 1}."
            raise BadRequest(message, param="logit_bias")


def _holds_images(request: ChatRequest) -> bool:
    for message in request.messages:
        if type(message.content) is tuple:
            return True
    return False


def _with_images(message: Message, i: int, urls: dict[tuple[int, int], str]) -> Message:
    if not isinstance(message.content, tuple):
        return message
    parts: tuple[Part, ...] = tuple(
        Image(urls[i, j]) if isinstance(part, Image) else part for j, part in enumerate(message.content)
    )
    return msgspec.structs.replace(message, content=parts)


def _grammars(plan: Plan) -> Plan:
    """Compile what binds the text. Done for every engine alike, so that all refuse the same schemas."""
    request = plan.request
    wanted = request.response_format
    calling = bool(request.tools) and request.tool_choice != "none"
    grammar = tools = None
    if wanted.kind == "json_schema":
        grammar = compile_schema(wanted.schema, param=SCHEMA_PARAM).grammar
    elif wanted.kind == "json_object":
        grammar = json_object_grammar()
    if grammar is not None and plan.prefill:
        grammar = remainder(grammar, plan.prefill, param=f"messages[{len(request.messages) - 1}]")
    if calling:
        check_tools(request.tools, request.tool_choice)
        if plan.prefill is not None:
            raise BadRequest("messages: a closing assistant message cannot be continued with tools.", param="messages")
        if not all(offer.native_tools for offer in plan.model.offers):
            tools = tool_grammar(
                request.tools,
                choice=request.tool_choice,
                parallel=request.parallel_tool_calls,
                response_format=wanted,
            )
    schema = {"json_schema": wanted.schema, "json_object": {"type": "object"}}.get(wanted.kind)
    return msgspec.structs.replace(plan, grammar=grammar, tool_grammar=tools, schema=schema)


async def _fit(plan: Plan, context: int) -> Plan:
    """Lower a default max_tokens to what the context leaves; refuse an explicit one, or a prompt, that does not fit.

    The engine is asked for the exact length only when a bound from the text's size leaves room for doubt.
    """
    asked = plan.sampling.max_tokens
    prompt = await _prompt_tokens(plan)
    if prompt is None:
        return plan
    if prompt >= context:
        message = f"messages: the prompt has {prompt} tokens, the model's context is {context}."
        raise BadRequest(message, param="messages", code="context_length_exceeded")
    left = context - prompt
    if asked is None or asked <= left:
        return plan
    if plan.request.sampling.max_tokens is not None:
        message = f"max_tokens: {asked} and a prompt of {prompt} tokens exceed the model's context of {context}."
        raise BadRequest(message, param="max_tokens", code="context_length_exceeded")
    return msgspec.structs.replace(plan, sampling=_with_max_tokens(plan.sampling, left))


async def _prompt_tokens(plan: Plan) -> int | None:
    """The prompt's length as an engine counts it, None when none can tell now."""
    offer = plan.model.require_live()[0]
    try:
        async with asyncio.timeout_at(plan.first_token_at):
            return await offer.engine.count_prompt_tokens(job(plan, offer, 0))
    except TimeoutError:
        raise FirstTokenTimeout from None
    except (EngineFailed, Unavailable):
        return None


def _with_max_tokens(sampling: Sampling, max_tokens: int) -> Sampling:
    return msgspec.structs.replace(sampling, max_tokens=max_tokens)


def _prompt_tokens_max(request: ChatRequest) -> int:
    """A sure upper bound: no token is shorter than a byte, no template adds more than a little to each turn."""
    size = TEMPLATE_TOKENS_MAX
    for message in request.messages:
        text = message.content if type(message.content) is str else message.text
        size += TURN_TOKENS_MAX + (len(text) if text.isascii() else 4 * len(text))
        if message.tool_calls:
            size += sum(len(call.name) + 4 * len(call.arguments) for call in message.tool_calls)
    if request.tools:
        size += 4 * len(msgspec.json.encode(request.tools))
    return size
