"""What placement is told of a plan: its length, its session, and how it begins. No tokenizer is asked. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from antiphon.chat import ChatRequest, Image, Message
from antiphon.completions.plan import Plan
from antiphon.models.ask import Ask
from antiphon.models.fingerprint import CHARACTERS_PER_TOKEN, fingerprint

TOKENS_EXPECTED = 512  # of an answer; few use up a larger `max_tokens`
IMAGE_CHARACTERS = 256  # of an image's end, which tell it from others of its size


def ask(plan: Plan, index: int = 0, *, streams: bool = True) -> Ask:
    """The choice `index` as it looks for an engine. How it begins is of no interest where there is only one."""
    most = plan.sampling.max_tokens
    bound, first_token_s = _bound(plan.request)
    return Ask(
        model=plan.model,
        account=plan.caller.key.account,
        prompt_tokens=_prompt_tokens(plan, index),
        answer_tokens=TOKENS_EXPECTED if most is None else min(most, TOKENS_EXPECTED),
        session=plan.session_id,
        prefix=_prefix(plan, index) if len(plan.model.offers) > 1 else (),
        first_token_s=first_token_s,
        bound=bound,
        only=plan.caller.nodes,
        streams=streams,
    )


def _bound(request: ChatRequest) -> tuple[str, float | None]:
    """Until when the caller wants a first token, and the field that says so: none is of use after the whole time."""
    first_s, whole_s = request.max_ttft_s, request.timeout_s
    if whole_s is not None and (first_s is None or whole_s < first_s):
        return "timeout_secs", whole_s
    return "max_ttft_ms", first_s


def _prompt_tokens(plan: Plan, index: int) -> int:
    request = plan.request
    if not request.prompts:
        return sum(len(turn.text) for turn in request.messages) // CHARACTERS_PER_TOKEN
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
