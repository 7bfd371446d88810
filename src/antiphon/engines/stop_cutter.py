"""Ends a stream of deltas before the first stop text, for an engine that does not do it well itself. Pure."""

from __future__ import annotations

from collections import deque

import msgspec

from antiphon.chat import Delta, Logprob
from antiphon.engines.stop_matcher import StopMatcher


class StopCutter:
    """Holds back deltas in whose text a stop text may begin, until that is certain.

    A stop text ends a thought as well as an answer, and lies within one of them. In the arguments of a call that the
    engine tells apart from text it is not looked for. `cut` once it has come: then nothing more is to be fed.
    """

    def __init__(self, stops: tuple[str, ...]) -> None:
        self._stops = stops
        self._matcher = StopMatcher(stops)
        self._held: deque[tuple[int, Delta]] = deque()  # each with the place where its text ends
        self._end = 0
        self._thinks = False

    @property
    def cut(self) -> bool:
        """Whether the text has ended."""
        return self._matcher.cut is not None

    def feed(self, delta: Delta) -> list[Delta]:
        """The deltas that can be shown, with all of their text; the last one ends it if a stop text has come."""
        if delta.reasoning and delta.content:
            thought = Delta(delta.index, reasoning=delta.reasoning)
            said = self._fed(thought)
            return said if self.cut else said + self._fed(msgspec.structs.replace(delta, reasoning=""))
        return self._fed(delta)

    def _fed(self, delta: Delta) -> list[Delta]:
        text = delta.content or delta.reasoning
        thinks = bool(delta.reasoning)
        shown: list[Delta] = []
        if text and thinks != self._thinks:
            shown = self._begin_anew()
            self._thinks = thinks
        self._end += len(text)
        self._held.append((self._end, delta))
        self._matcher.feed(text)
        if self.cut:
            return shown + self._released() + self._last()
        if delta.tool_calls or delta.finish_reason is not None:
            return shown + self._begin_anew()
        return shown + self._released()

    def _released(self) -> list[Delta]:
        certain = self._matcher.certain
        released = []
        while self._held and self._held[0][0] <= certain:
            released.append(self._held.popleft()[1])
        return released

    def _begin_anew(self) -> list[Delta]:
        """All that is held: what comes behind it is another text."""
        released = [delta for _, delta in self._held]
        self._held.clear()
        self._matcher = StopMatcher(self._stops)
        self._end = 0
        return released

    def _last(self) -> list[Delta]:
        """What is left of the delta in which the stop text begins, and the end."""
        end, delta = self._held[0]
        text = delta.content or delta.reasoning
        left = text[: self._matcher.certain - (end - len(text))]
        last = Delta(delta.index, finish_reason="stop", stop=self._matcher.found)
        if not left:
            return [last]
        entries = within(delta.logprobs, left)
        if self._thinks:
            return [Delta(delta.index, reasoning=left, logprobs=entries), last]
        return [Delta(delta.index, left, logprobs=entries), last]


def within(entries: tuple[Logprob, ...], text: str) -> tuple[Logprob, ...]:
    """The entries of tokens that lie in `text` as a whole; `bytes`, since a token may hold half a character."""
    left = len(text.encode("utf-8", "surrogatepass"))
    for i, entry in enumerate(entries):
        token = entry.token.encode("utf-8", "surrogatepass") if entry.bytes is None else entry.bytes
        left -= len(token)
        if left < 0:
            return entries[:i]
    return entries
