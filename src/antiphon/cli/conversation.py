"""A conversation with a model: what was said, one streamed answer at a time. Shows nothing itself."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from msgspec import Struct

from antiphon.cli.client import Client
from antiphon.clock import Clock
from antiphon.errors import AntiphonError, EngineFailed

MESSAGES_MAX = 2048
DONE = b"[DONE]"


class Answer(Struct, frozen=True):
    """One answer. `stopped`: the person stopped it. Times are seconds since the request was sent."""

    content: str
    reasoning: str
    finish_reason: str | None
    usage: dict[str, object] | None
    first_token_s: float | None
    total_s: float
    stopped: bool = False


class Piece(Struct, frozen=True):
    """A part of an answer as it comes."""

    content: str = ""
    reasoning: str = ""


class Conversation:
    """Keeps the turns and asks for the next; an answer that failed leaves no trace."""

    def __init__(self, client: Client, clock: Clock, *, model: str, options: dict[str, object]) -> None:
        self.model = model
        self.system: str | None = None
        self._client = client
        self._clock = clock
        self._options = options
        self._turns: list[dict[str, str]] = []

    def clear(self) -> None:
        """Forget all turns; model and system prompt stay."""
        self._turns = []

    def ask(self, prompt: str, show: Callable[[Piece], None]) -> Answer:
        """Send the next turn and hand on each piece of the answer. Ctrl-C ends it early: what came is kept."""
        turns = [*self._turns, {"role": "user", "content": prompt}][-MESSAGES_MAX:]
        system = [{"role": "system", "content": self.system}] if self.system else []
        body = {
            "model": self.model,
            "messages": system + turns,
            "stream": True,
            "stream_options": {"include_usage": True},
            **self._options,
        }
        answer = self._receive(body, show)
        if answer.content:
            self._turns = [*turns, {"role": "assistant", "content": answer.content}]
        return answer

    def _receive(self, body: dict[str, object], show: Callable[[Piece], None]) -> Answer:
        begun = self._clock.monotonic()
        collected = _Collected()
        stopped = False
        try:
            for payload in self._client.stream("/chat/completions", body):
                if payload == DONE:
                    break
                piece = collected.add(payload)
                if piece.content or piece.reasoning:
                    collected.first_token_s = collected.first_token_s or self._clock.monotonic() - begun
                    show(piece)
            else:
                raise EngineFailed("The stream ended without [DONE], so the answer may be cut.")
        except KeyboardInterrupt:
            stopped = True
        return collected.answer(total_s=self._clock.monotonic() - begun, stopped=stopped)


class _Collected:
    def __init__(self) -> None:
        self.first_token_s: float | None = None
        self._content: list[str] = []
        self._reasoning: list[str] = []
        self._finish_reason: str | None = None
        self._usage: dict[str, object] | None = None

    def add(self, payload: bytes) -> Piece:
        try:
            event = json.loads(payload)
            if error := event.get("error"):
                raise AntiphonError(str(error.get("message", error) if isinstance(error, dict) else error))
            return self._choice(event)
        except (ValueError, AttributeError, TypeError, KeyError, IndexError) as error:
            raise EngineFailed(f"The stream holds something that is no chunk: {payload[:80]!r}") from error

    def _choice(self, event: dict[str, Any]) -> Piece:  # Any: whatever the server sent, read defensively
        self._usage = event.get("usage") or self._usage
        if not event.get("choices"):
            return Piece()
        choice = event["choices"][0]
        delta = choice.get("delta") or {}
        content = delta.get("content") or ""
        reasoning = delta.get("reasoning_content") or delta.get("reasoning") or ""
        self._content.append(content)
        self._reasoning.append(reasoning)
        self._finish_reason = choice.get("finish_reason") or self._finish_reason
        return Piece(content, reasoning)

    def answer(self, *, total_s: float, stopped: bool) -> Answer:
        return Answer(
            content="".join(self._content),
            reasoning="".join(self._reasoning),
            finish_reason=self._finish_reason,
            usage=self._usage,
            first_token_s=self.first_token_s,
            total_s=total_s,
            stopped=stopped,
        )
