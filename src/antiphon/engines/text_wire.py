"""Text completions on the OpenAI wire: a Job with a prompt to a request body, answer bytes to neutral words. Pure.

Log-probabilities come in two shapes: the parallel lists that OpenAI had first, and the entries that chat has now.
"""

from __future__ import annotations

import msgspec
from msgspec import Struct, field

from antiphon.chat import Choice, Delta, Logprob, Prompt, TokenLogprob, Usage
from antiphon.engines import Job
from antiphon.engines.frame import Frame, ended, finish_reason, read, usage_of
from antiphon.engines.kinds import EngineKind
from antiphon.engines.wire import SampledBody, add_sampling
from antiphon.errors import EngineFailed

REPLACEMENT = "\ufffd"  # what a token that holds part of a character is shown as


class TextBody(SampledBody, kw_only=True, omit_defaults=True):
    """What is sent. `logprobs` is a number here: of alternatives for each token."""

    prompt: Prompt
    logprobs: int | None = None


_encoder = msgspec.json.Encoder()


def encode(job: Job, kind: EngineKind, *, stream: bool) -> bytes:
    """The request body for a `job` that has a prompt, with the differences that `kind` declares."""
    assert job.prompt is not None
    body = TextBody(model=job.model, prompt=job.prompt)
    add_sampling(body, job, kind, stream=stream)
    if job.sampling.max_tokens is not None:
        body.max_tokens, body.max_completion_tokens = job.sampling.max_tokens, None  # it has no other name here
    if job.sampling.logprobs:
        body.logprobs = max(job.sampling.top_logprobs, kind.top_logprobs_min)
    return _encoder.encode(body)


class _Logprobs(Struct):
    content: list[Logprob] | None = None
    tokens: list[str] = []
    token_logprobs: list[float | None] = []
    top_logprobs: list[dict[str, float] | None] | None = None


class _Choice(Struct):
    text: str | None = None
    finish_reason: str | None = None
    logprobs: _Logprobs | None = None


class _Answer(Frame):
    """A plain answer or a chunk of a stream."""

    choices: list[_Choice] = field(default_factory=list)


_decoder = msgspec.json.Decoder(_Answer)


def decode(payload: bytes) -> tuple[Delta | None, Usage | None]:
    """One chunk of a stream: its delta (None when it holds nothing) and its usage; EngineFailed when it is an error."""
    answer = read(_decoder, payload)
    usage = usage_of(answer)
    if not answer.choices:
        return None, usage
    choice = answer.choices[0]
    if choice.text is None:
        raise EngineFailed("The engine sent a chunk without a text.")
    reason = finish_reason(choice.finish_reason)
    logprobs = _logprobs(choice.logprobs) if choice.logprobs else ()
    if reason is not None and not choice.text:
        logprobs = ()  # of the token that ends the text, which only some engines list
    if not (choice.text or logprobs or reason):
        return None, usage
    return Delta(0, choice.text, "", (), logprobs, reason), usage


def decode_whole(payload: bytes) -> tuple[Choice, Usage]:
    """A plain answer's first choice and its usage; EngineFailed when there is none."""
    answer = read(_decoder, payload)
    if not answer.choices or answer.choices[0].text is None:
        raise EngineFailed("The engine's answer holds no text.")
    choice = answer.choices[0]
    reason = ended(choice.finish_reason)
    logprobs = _logprobs(choice.logprobs) if choice.logprobs else None
    return Choice(content=choice.text, logprobs=logprobs, finish_reason=reason), usage_of(answer) or Usage()


def _logprobs(logprobs: _Logprobs) -> tuple[Logprob, ...]:
    """Without the end-of-text token, which llama.cpp lists as an empty one; without tokens that have no probability."""
    if logprobs.content is not None:
        return tuple(entry for entry in logprobs.content if entry.token or entry.bytes)
    tops = logprobs.top_logprobs or [None] * len(logprobs.tokens)
    return tuple(
        Logprob(token, logprob, _bytes(token), _alternatives(top or {}))
        for token, logprob, top in zip(logprobs.tokens, logprobs.token_logprobs, tops, strict=False)
        if token and logprob is not None
    )


def _alternatives(top: dict[str, float]) -> list[TokenLogprob]:
    """The likeliest first: engines put the drawn token in front, whether or not it is among the likeliest."""
    ordered = sorted(top.items(), key=lambda entry: -entry[1])
    return [TokenLogprob(token, logprob, _bytes(token)) for token, logprob in ordered]


def _bytes(token: str) -> list[int] | None:
    """The token's bytes, where they can be told from its text."""
    return None if REPLACEMENT in token else list(token.encode("utf-8", "surrogatepass"))
