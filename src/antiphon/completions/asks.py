"""What placement is told of a plan: its length, its session, and how it begins. No tokenizer is asked. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from msgspec.structs import replace

from antiphon.chat import Image, Message
from antiphon.completions.fit import measured
from antiphon.completions.plan import Plan
from antiphon.models.ask import Ask
from antiphon.models.catalogue import Model
from antiphon.models.fingerprint import CHARACTERS_PER_TOKEN, fingerprint

TOKENS_EXPECTED = 512  # of an answer; few use up a larger `max_tokens`
IMAGE_CHARACTERS = 256  # of an image's end, which tell it from others of its size


def ask(plan: Plan, index: int = 0, *, streams: bool = True) -> Ask:
    """The choice `index` as it looks for an engine. How it begins is of no interest where there is only one."""
    most, request, caller = plan.sampling.max_tokens, plan.request, plan.caller
    bound, first_token_s = "max_ttft_ms", request.max_ttft_s
    if request.timeout_s is not None and (first_token_s is None or request.timeout_s < first_token_s):
        bound, first_token_s = "timeout_secs", request.timeout_s  # nothing is of use after the whole time
    return Ask(
        plan.model,
        caller.key.account,
        _prompt_tokens(plan, index),
        TOKENS_EXPECTED if most is None or most > TOKENS_EXPECTED else most,
        plan.session_id,
        _prefix(plan, index) if len(plan.model.offers) > 1 else (),
        first_token_s,
        bound,
        caller.nodes,
        streams,
        caller.again,
    )


def renewed(plan: Plan, latest: Callable[[Model], Model], model: Model) -> Model:
    """The model with the engines that serve it by now, as far as they can be told of the plan's request."""
    offers = latest(model).offers
    if plan.request.tools and plan.request.tool_choice != "none" and plan.tool_grammar is None:
        offers = tuple(offer for offer in offers if offer.native_tools)  # no other one can be bound
    return model if not offers or offers == model.offers else replace(model, offers=offers)


def _prompt_tokens(plan: Plan, index: int) -> int:
    request = plan.request
    if not request.prompts:
        return (plan.prompt_size or measured(request)).characters // CHARACTERS_PER_TOKEN
    prompt = request.prompt(index)
    return len(prompt) // CHARACTERS_PER_TOKEN if isinstance(prompt, str) else len(prompt)


def _prefix(plan: Plan, index: int) -> tuple[int, ...]:
    """Tools stand in front of a conversation, so those with others have nothing in common."""
    request = plan.request
    if request.prompts:
        prompt = request.prompt(index)
        return fingerprint(plan.model.id, (prompt if isinstance(prompt, str) else " ".join(map(str, prompt)),))
    names = ",".join(tool.name for tool in request.tools)
    return fingerprint(f"{plan.model.id}\n{names}", pieces(request.messages))


def pieces(messages: tuple[Message, ...]) -> Iterator[str]:
    """What a conversation consists of, as fingerprints are made of it."""
    for turn in messages:
        yield turn.role
        if isinstance(turn.content, tuple):
            for part in turn.content:
                if isinstance(part, Image):
                    yield f"{len(part.url)} {part.url[-IMAGE_CHARACTERS:]}"
                else:
                    yield part.text
        elif turn.content:
            yield turn.content
        for call in turn.tool_calls:
            yield call.name
            yield call.arguments
