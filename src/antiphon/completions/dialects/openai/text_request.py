"""A text completion's request, as every door that has one takes it, and how a checked body becomes neutral. Pure.

What no model here can do is refused by name: text in front of a given end (`suffix`), the best of several answers
that are not shown (`best_of`), log-probabilities of the prompt itself (`echo` with `logprobs`).
"""

from __future__ import annotations

from antiphon.chat import ChatRequest
from antiphon.completions.dialects import RequestBounds
from antiphon.completions.dialects.openai.fields import Choices, TokensOrNone, TopLogprobs
from antiphon.completions.dialects.openai.prompts import Prompts, prompts
from antiphon.completions.dialects.openai.request import (
    Asked,
    DoorRules,
    GeneratingBody,
    check_generating,
    prices_max,
    sampling,
)
from antiphon.errors import BadRequest
from antiphon.http.decode import whole


class TextBody(GeneratingBody, kw_only=True):
    """The fields of a text completion. `logprobs` is a number here: of alternatives for each token."""

    prompt: Prompts
    max_tokens: TokensOrNone = None
    logprobs: TopLogprobs = None
    echo: bool | None = None
    suffix: str | None = None
    best_of: Choices = None


def neutral(wire: TextBody, asked: Asked, bounds: RequestBounds, rules: DoorRules) -> ChatRequest:
    """The request that a body means; BadRequest names the field and the rule."""
    check_generating(wire, bounds, rules)
    n = 1 if wire.n is None else whole(wire.n, "n") or 1
    _refuse(wire, n)
    given = prompts(wire.prompt, "prompt", bounds.prompts_max)
    if wire.echo and not all(isinstance(prompt, str) for prompt in given):
        raise BadRequest("echo: only a prompt that is text can be repeated.", param="echo")
    top = whole(wire.logprobs, "logprobs")
    drawn = sampling(wire, whole(wire.max_tokens, "max_tokens"), top is not None, top or 0)
    return ChatRequest(
        model=wire.model,
        messages=(),
        prompts=given,
        echo=wire.echo is True,
        sampling=drawn if rules.defaults is None else drawn.filled(rules.defaults),
        n=n,
        stream=wire.stream is True,
        include_usage=wire.stream_options is not None and wire.stream_options.include_usage is True,
        timeout_s=wire.timeout_secs,
        max_ttft_s=None if wire.max_ttft_ms is None else wire.max_ttft_ms / 1000,
        shortens=rules.shortens or wire.max_tokens is None,
        identified=rules.identified,
        scores=rules.scores,
        door=rules.name,
        project_first=rules.project_first,
        user=wire.user,
        session_id=asked.session_id,
        store=wire.store,
        stores=rules.stores,
        labels=wire.all_labels,
        tags=tuple(wire.tags) if wire.tags else (),
        campaign=wire.ab_campaign,
        prices_max=prices_max(wire),
        ignored_fields=asked.ignored,
    )


def _refuse(wire: TextBody, n: int) -> None:
    """What would have to be ignored otherwise."""
    if wire.suffix:
        raise BadRequest("suffix: not supported, a prompt is continued at its end.", param="suffix")
    if wire.best_of not in (None, 0, n):
        raise BadRequest("best_of: not supported, unless it is n.", param="best_of")
    if wire.echo and wire.logprobs is not None:
        raise BadRequest("echo: not with logprobs, those of a prompt are not known.", param="echo")
