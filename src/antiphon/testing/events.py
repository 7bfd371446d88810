"""A planned answer as OpenAI wire: the events of a stream, or one JSON body. Pure.

Faults that change what is said (usage, index, model, ends) are made here; those that break bytes are in `player.py`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from itertools import chain, count, islice, repeat, zip_longest
from typing import Any

import msgspec
from msgspec import Struct

from antiphon.testing.faults import Fault, FaultName
from antiphon.testing.plan import Answer, Plan
from antiphon.testing.text import WORDS

WireObject = dict[str, Any]  # Any: an object of the wire, any JSON
DONE = b"data: [DONE]\n\n"


class Event(Struct, frozen=True):
    """One write of a stream: `tokens` it delivers; `closing` from the first that ends a choice on."""

    data: bytes
    tokens: int = 0
    closing: bool = False


def stream_events(plan: Plan, fault: Fault | None = None) -> Iterator[Event]:
    """The events of the answer in order; without an end for the endless faults."""
    return _Stream(plan, fault).events()


def plain_body(plan: Plan, fault: Fault | None = None) -> bytes:
    """The whole answer as one JSON body."""
    return msgspec.json.encode(_Plain(plan, fault).body())


def sse(payload: WireObject) -> bytes:
    """One payload as a server-sent event."""
    return b"data: " + msgspec.json.encode(payload) + b"\n\n"


def stream_error_payload() -> WireObject:
    """What vLLM says inside a 200 when its engine died."""
    message = "EngineCore encountered an issue. See stack trace (above) for the root cause."
    return {"error": {"message": message, "type": "InternalServerError", "param": None, "code": 500}}


class _Renderer:
    """What a stream and a plain answer share."""

    def __init__(self, plan: Plan, fault: Fault | None) -> None:
        self._plan = plan
        self._fault = fault
        self._name: FaultName | None = fault.name if fault else None

    def _envelope(self, kind: str, choices: list[WireObject]) -> WireObject:
        """The fields around the choices."""
        if self._name == "bare":
            return {"choices": choices}
        model = "another-model" if self._name == "wrong_model" else self._plan.model
        extras = {"service_tier": None, "system_fingerprint": None, "prompt_logprobs": None, "kv": {"x": [None]}}
        return {
            "id": self._plan.id,
            "object": kind,
            "created": self._plan.created,
            "model": model,
            "choices": choices,
            **(extras if self._name == "extra_fields" else {}),
        }

    def _index(self, choice: int) -> int:
        """The index that a choice says it has."""
        return choice + 7 if self._name == "wrong_index" else choice

    def _usage(self, completion_tokens: int) -> WireObject:
        """Token counts, as true as the fault lets them be."""
        factor = self._fault.factor if self._fault and self._name == "lying_usage" else 1
        prompt, completion = self._plan.prompt_tokens * factor, completion_tokens * factor
        return {
            "prompt_tokens": prompt,
            "completion_tokens": completion,
            "total_tokens": prompt + completion,
            "prompt_tokens_details": {"cached_tokens": 0},
        }

    def _logprobs(self, tokens: Sequence[str]) -> WireObject | None:
        """Made-up, repeatable log-probabilities of text tokens; None when they were not asked for."""
        top = self._plan.top_logprobs
        if top is None:
            return None
        entries = [_logprob(token, top) for token in tokens]
        return _parallel(entries) if self._plan.text else {"content": entries}


class _Stream(_Renderer):
    """Renders the events of one stream."""

    @property
    def _kind(self) -> str:
        return "text_completion" if self._plan.text else "chat.completion.chunk"

    def events(self) -> Iterator[Event]:
        """Roles, tokens in turn by choice, ends, usage, [DONE]."""
        yield from self._roles()
        sent = 0
        for event in self._tokens():
            sent += event.tokens
            yield event if self._name != "usage_each_chunk" else self._with_usage(event, sent)
        yield from self._ends()
        if self._plan.include_usage and self._name != "no_usage":
            usage = self._envelope(self._kind, []) | {"usage": self._usage(sent)}
            yield Event(self._written(usage), closing=True)
        yield from self._done()

    def _roles(self) -> Iterator[Event]:
        """The first event of each choice, which says the role and no text."""
        if self._name == "bare" or self._plan.text:
            return
        for choice in range(len(self._plan.answers)):
            yield Event(self._chunk(choice, {"role": "assistant", "content": ""}))

    def _tokens(self) -> Iterator[Event]:
        """One event for each token, the choices taking turns; then more of them for the endless faults."""
        by_choice = [self._choice_tokens(choice) for choice in range(len(self._plan.answers))]
        turns = chain.from_iterable(zip_longest(*by_choice))
        yield from (event for event in turns if event is not None)
        if self._name in ("endless", "endless_whitespace"):
            more = repeat(" ") if self._name == "endless_whitespace" else self._plan.beyond(0)
            yield from (Event(self._chunk(0, {"content": token}), tokens=1) for token in more)

    def _choice_tokens(self, choice: int) -> Iterator[Event]:
        """The token events of one choice; with the end on the last one where the engine is of that kind."""
        answer = self._plan.answers[choice]
        last = answer.spent
        spoken = count(1)
        for delta, tokens in _deltas(answer, choice):
            ends = tokens and next(spoken) == last and self._name == "extra_fields"
            finish = answer.finish_reason if ends else None
            yield Event(self._chunk(choice, delta, finish), tokens=tokens, closing=bool(ends))

    def _ends(self) -> Iterator[Event]:
        """The event that ends each choice, where its last token did not do so."""
        if self._name == "no_finish":
            return
        for choice, answer in enumerate(self._plan.answers):
            if self._name != "extra_fields" or not answer.spent:
                yield Event(self._chunk(choice, {}, answer.finish_reason), closing=True)

    def _done(self) -> Iterator[Event]:
        """How the stream says that it is over."""
        if self._name != "no_done":
            yield Event(DONE.replace(b"data: ", b"data:") if self._name == "sse_dialect" else DONE, closing=True)
        if self._name == "double_done":
            yield Event(DONE, closing=True)
        if self._name == "after_done":
            late = islice(self._plan.beyond(0), 3)
            yield from (Event(self._chunk(0, {"content": token}), closing=True) for token in late)

    def _chunk(self, choice: int, delta: WireObject, finish_reason: str | None = None) -> bytes:
        """One chunk of one choice, written."""
        spoken = [str(delta[name]) for name in ("content",) if delta.get(name)]
        body: WireObject = {"text": "".join(spoken)} if self._plan.text else {"delta": delta}
        if self._name != "bare":
            body |= {"index": self._index(choice), "logprobs": self._logprobs(spoken) if spoken else None}
        if self._name != "bare" or finish_reason:
            body["finish_reason"] = finish_reason
        if self._name == "extra_fields":
            body |= {"stop_reason": None, "token_ids": None}
            if "delta" in body:
                body["delta"] = delta | {"refusal": None, "reasoning": None, "unknown": [1, {"a": None}]}
        return self._written(self._envelope(self._kind, [body]))

    def _with_usage(self, event: Event, sent: int) -> Event:
        """The event with the usage so far."""
        payload = msgspec.json.decode(event.data[len(b"data: ") :])
        return Event(sse(payload | {"usage": self._usage(sent)}), event.tokens, event.closing)

    def _written(self, payload: WireObject) -> bytes:
        """The payload as an event, in the spelling that this engine has."""
        data = msgspec.json.encode(payload)
        if self._name == "sse_dialect":
            return b": keep-alive\r\nevent: message\r\nid: 7\r\nretry: 10\r\ndata:" + data + b"\r\n\r\n"
        if self._name == "data_lines":
            return (
                b"".join(b"data: " + line + b"\n" for line in msgspec.json.format(data, indent=1).split(b"\n")) + b"\n"
            )
        return sse(payload)


class _Plain(_Renderer):
    """Renders one plain answer."""

    def body(self) -> WireObject:
        """The whole completion."""
        choices = [self._choice(choice, answer) for choice, answer in enumerate(self._plan.answers)]
        usage = {} if self._name == "no_usage" else {"usage": self._usage(self._plan.completion_tokens)}
        return self._envelope("text_completion" if self._plan.text else "chat.completion", choices) | usage

    def _choice(self, choice: int, answer: Answer) -> WireObject:
        """One choice with its message."""
        tokens = answer.tokens
        if self._name in ("endless", "endless_whitespace"):
            more = repeat(" ") if self._name == "endless_whitespace" else self._plan.beyond(choice)
            tokens += tuple(islice(more, 9 * len(tokens) + 10))
        message: WireObject = {"role": "assistant", "content": None if answer.call_names else "".join(tokens)}
        if answer.reasoning:
            message["reasoning_content"] = "".join(answer.reasoning)
        if answer.call_names:
            message["tool_calls"] = [
                _call(choice, at, name, "".join(tokens)) for at, name in enumerate(answer.call_names)
            ]
        finish = None if self._name == "no_finish" else answer.finish_reason
        if self._plan.text:
            said = {"text": "".join(tokens), "finish_reason": finish}
            return (
                said
                if self._name == "bare"
                else said | {"index": self._index(choice), "logprobs": self._logprobs(tokens)}
            )
        if self._name == "bare":
            return {"message": {"content": message["content"]}, "finish_reason": finish}
        logprobs = None if answer.call_names else self._logprobs(tokens)
        return {"index": self._index(choice), "message": message, "logprobs": logprobs, "finish_reason": finish}


def _deltas(answer: Answer, choice: int) -> Iterator[tuple[WireObject, int]]:
    """The deltas of one choice and the tokens that each holds: one, but none in those that only name a call."""
    yield from (({"reasoning_content": token}, 1) for token in answer.reasoning)
    if not answer.call_names:
        yield from (({"content": token}, 1) for token in answer.tokens)
    for at, name in enumerate(answer.call_names):
        yield {"tool_calls": [{"index": at, **_call(choice, at, name, "")}]}, 0
        for token in answer.tokens:
            yield {"tool_calls": [{"index": at, "function": {"arguments": token}}]}, 1


def _call(choice: int, at: int, name: str, arguments: str) -> WireObject:
    """A tool call as the wire shows it."""
    function = {"name": name, "arguments": arguments}
    return {"id": f"call_{choice}_{at}", "type": "function", "function": function}


def _logprob(token: str, top: int) -> WireObject:
    """A made-up log-probability that depends on the token alone, and `top` likeliest tokens, itself first."""
    drawn = hashlib.blake2b(token.encode(), digest_size=2).digest()
    mine = _entry(token, -drawn[0] / 256)
    others = [_entry(WORDS[(drawn[1] + step) % len(WORDS)], -1.0 - step / 8) for step in range(max(0, top - 1))]
    return {**mine, "top_logprobs": [mine, *others][:top]}


def _parallel(entries: list[WireObject]) -> WireObject:
    """The same as the lists of a text completion, each token counted from the first."""
    sizes = [len(entry["token"]) for entry in entries]
    return {
        "tokens": [entry["token"] for entry in entries],
        "token_logprobs": [entry["logprob"] for entry in entries],
        "top_logprobs": [{each["token"]: each["logprob"] for each in entry["top_logprobs"]} for entry in entries],
        "text_offset": [sum(sizes[:place]) for place in range(len(sizes))],
    }


def _entry(token: str, logprob: float) -> WireObject:
    """One token with its log-probability."""
    return {"token": token, "logprob": logprob, "bytes": list(token.encode())}
