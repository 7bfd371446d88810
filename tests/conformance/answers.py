"""What a client keeps of an answer: a refusal, or a stream's events put together again as an SDK would."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import httpx2

JSON = dict[str, Any]  # Any: the wire's own JSON, each test looks only at what it names


@dataclass(frozen=True)
class Refusal:
    """An error answer: `param` is the field at fault, None where no field is."""

    status: int
    message: str
    type: str
    param: str | None
    code: str | None

    @classmethod
    def of(cls, response: httpx2.Response) -> Refusal:
        """Read the documented JSON error object, all four members of it."""
        error = response.json()["error"]
        assert set(error) >= {"message", "type", "param", "code"}, error
        return cls(response.status_code, error["message"], error["type"], error["param"], error["code"])


@dataclass
class Streamed:
    """A whole stream: `events` are the JSON events in order, `done` whether [DONE] closed it."""

    status: int
    headers: httpx2.Headers
    events: list[JSON] = field(default_factory=list)
    done: bool = False

    def read(self, lines: Iterable[str]) -> Streamed:
        """Take the lines of an event stream; anything that the format does not know fails."""
        for line in lines:
            if line == "" or line.startswith(":"):
                continue
            assert line.startswith("data: "), f"not an event: {line!r}"
            assert not self.done, f"after [DONE]: {line!r}"
            if line == "data: [DONE]":
                self.done = True
            else:
                self.events.append(json.loads(line.removeprefix("data: ")))
        return self

    @property
    def choices(self) -> list[JSON]:
        """Every choice piece of every event, in order."""
        return [choice for event in self.events for choice in event.get("choices", [])]

    def of(self, index: int) -> list[JSON]:
        """The pieces of one choice."""
        return [choice for choice in self.choices if choice["index"] == index]

    def text(self, index: int = 0) -> str:
        """The content of one choice, put together."""
        return "".join(choice["delta"].get("content") or "" for choice in self.of(index))

    def finish_reasons(self, index: int = 0) -> list[str]:
        """Every finish_reason that was said for one choice: there should be one."""
        return [choice["finish_reason"] for choice in self.of(index) if choice["finish_reason"] is not None]

    def logprobs(self, index: int = 0) -> list[JSON]:
        """The token entries of one choice, in order."""
        found = [choice["logprobs"] for choice in self.of(index) if choice.get("logprobs")]
        return [entry for logprobs in found for entry in logprobs["content"]]

    @property
    def usages(self) -> list[JSON]:
        """Every usage that is not null."""
        return [event["usage"] for event in self.events if event.get("usage") is not None]

    def tool_calls(self, index: int = 0) -> list[JSON]:
        """The calls of one choice, put together by their index; a piece of a call that did not begin fails."""
        calls: list[JSON] = []
        for choice in self.of(index):
            for piece in choice["delta"].get("tool_calls") or []:
                if piece["index"] == len(calls):
                    assert piece["type"] == "function", piece
                    assert piece["function"]["name"], piece
                    calls.append({"id": piece["id"], "name": piece["function"]["name"], "arguments": ""})
                else:
                    assert piece["index"] == len(calls) - 1, f"call {piece['index']} was already closed"
                    assert piece.get("id") in (None, calls[-1]["id"]), piece
                calls[-1]["arguments"] += piece["function"].get("arguments") or ""
        return calls


def content(answer: JSON, index: int = 0) -> str:
    """The text of one choice of a plain answer."""
    text = answer["choices"][index]["message"]["content"]
    assert isinstance(text, str), answer
    return text


def calls(answer: JSON, index: int = 0) -> list[JSON]:
    """The calls of one choice of a plain answer, in the form that `Streamed.tool_calls` gives."""
    found = answer["choices"][index]["message"].get("tool_calls") or []
    return [{"id": c["id"], "name": c["function"]["name"], "arguments": c["function"]["arguments"]} for c in found]
