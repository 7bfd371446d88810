"""Keeps token log-probabilities in step with the text where the engine cuts off stop texts. Pure.

vLLM lists the tokens of a stop text although it withholds the text, and lists tokens before their text is certain.
"""

from __future__ import annotations

import msgspec

from antiphon.chat import Delta, Logprob


class LogprobAligner:
    """Holds entries back until the text that they stand for has been sent; what has no text at the end is dropped."""

    cut = False

    def __init__(self) -> None:
        self._waiting: list[Logprob] = []
        self._ahead_bytes = 0  # of text that was sent and whose entries were not

    def feed(self, delta: Delta) -> list[Delta]:
        """The same text with the entries that belong to what has been sent so far."""
        self._ahead_bytes += len(delta.content.encode())
        self._waiting += delta.logprobs
        sent = 0
        for entry in self._waiting:
            size = len(entry.token.encode() if entry.bytes is None else bytes(entry.bytes))
            if size > self._ahead_bytes:
                break
            self._ahead_bytes -= size
            sent += 1
        entries = tuple(self._waiting[:sent])
        self._waiting = self._waiting[sent:]
        if delta.finish_reason == "length":
            entries += tuple(self._waiting)
        return [msgspec.structs.replace(delta, logprobs=entries)]
