"""The bytes of an engine's stream to deltas, in whatever pieces they arrive. Pure."""

from __future__ import annotations

import msgspec

from antiphon.chat import Delta, Usage, finish
from antiphon.engines import chat_answer
from antiphon.engines.event_template import Decode, EventTemplate, learn
from antiphon.engines.stops import Stops
from antiphon.engines.timings import spent
from antiphon.errors import EngineFailed
from antiphon.http.sse import EventReader

LESSONS_MAX = 3  # in a row without use: an engine whose events all differ has nothing to teach


class DeltaReader:
    """Reads one stream; `decode` reads the payload of one event, `stops` sees each delta; `timed`: each has timings.

    `finished` once a finish reason has come, `done` once the closing mark has, `cut` once a stop text has: then the
    engine must be ended. `failure` is what broke the stream: it is kept until the deltas before it have been handed on.
    """

    def __init__(self, decode: Decode, *, top_logprobs: int, stops: Stops | None = None, timed: bool = False) -> None:
        self.usage: Usage | None = None
        self.finished = False
        self.done = False
        self.cut = False
        self.failure: EngineFailed | None = None
        self._decode = decode
        self._top_logprobs = top_logprobs
        self._events = EventReader()
        self._thoughts = 0
        self._called = False
        self._learned: EventTemplate | None = None
        self._template: EventTemplate | None = None  # what was learned, while it may be used
        self._stops = stops
        self._timed = timed
        self._lessons = 0 if timed or stops is not None else LESSONS_MAX

    def feed(self, data: bytes) -> list[Delta]:
        """The deltas completed by `data`; EngineFailed, from then on, when there are none before what broke it."""
        template = self._template
        if template is not None:
            delta = template.read(data)
            if delta is not None:
                self._lessons = LESSONS_MAX
                if delta.reasoning:
                    self._thoughts += 1
                return [delta]
        return self._read(data)

    def _read(self, data: bytes) -> list[Delta]:
        if self.failure is not None:
            raise self.failure
        begun = self._events.rest
        payloads = self._events.feed(data)
        deltas = self._decoded(payloads)
        if self.failure is not None and not deltas:
            raise self.failure
        ended = not self._events.rest
        if ended and not begun and self._lessons and len(payloads) == len(deltas) == 1:
            self._lessons -= 1
            self._learned = learn(data, deltas[0], self._decode)
        goes_on = ended and not (self.finished or self.done or self.failure)
        self._template = self._learned if goes_on else None
        return deltas

    def _decoded(self, payloads: list[bytes]) -> list[Delta]:
        deltas: list[Delta] = []
        for payload in payloads:
            if payload == b"[DONE]":
                self.done = True
            elif not self.done:
                try:
                    delta, usage = self._decode(payload)
                except EngineFailed as error:
                    self.failure = error
                    break
                if usage is None and self._timed:
                    usage = spent(payload)
                if usage is not None:
                    self.usage = self._with_thoughts(usage)
                if delta is not None and not self.finished:
                    self.finished = delta.finish_reason is not None
                    self._thoughts += bool(delta.reasoning)
                    if delta.logprobs:
                        delta = chat_answer.trimmed(delta, self._top_logprobs)
                    self._called = self._called or bool(delta.tool_calls)
                    deltas += [delta] if self._stops is None else self._shown(delta, self._stops)
                    if self.finished:
                        deltas[-1] = self._ended(deltas[-1])
        return deltas

    def _shown(self, delta: Delta, stops: Stops) -> list[Delta]:
        """What can be shown of the text so far; a stop text ends the stream, with what that has taken."""
        shown = stops.feed(delta)
        if stops.cut:
            self.finished = self.done = self.cut = True
        return shown

    def _ended(self, last: Delta) -> Delta:
        """The last delta with the reason that the whole answer gives."""
        assert last.finish_reason is not None
        reason = finish(last.finish_reason, called=self._called)
        return last if reason == last.finish_reason else msgspec.structs.replace(last, finish_reason=reason, stop=None)

    def _with_thoughts(self, usage: Usage) -> Usage:
        """An engine that does not count thinking apart sends it a token at a time."""
        if usage.reasoning_tokens or not self._thoughts:
            return usage
        return msgspec.structs.replace(usage, reasoning_tokens=min(self._thoughts, usage.completion_tokens))
