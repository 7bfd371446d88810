"""What a client saw of one stream, and all that is wrong with it. Pure: clients of every make are judged here."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import msgspec
from msgspec import Struct

from tests.chaos.stories import Story

JSON = Any  # Any: the wire


class Call(Struct):
    """One call as its pieces came together."""

    id: str | None = None
    name: str = ""
    arguments: str = ""


class Choice(Struct):
    """One choice as its pieces came together."""

    text: str = ""
    finish_reasons: list[str] = []
    calls: dict[int, Call] = {}


class Answer(Struct):
    """A whole stream. `error`: what it ended with in place of `[DONE]`; `late`: chunks after it was over."""

    status: int = 200
    ids: set[str] = set()
    models: set[str] = set()
    choices: dict[int, Choice] = {}
    usages: list[JSON] = []
    error: JSON = None
    done: bool = False
    late: int = 0
    asked_at: float = 0.0  # of a clock that only moves on
    first_token_s: float | None = None

    def take(self, chunk: JSON) -> None:
        """Put one chunk to what is there."""
        if self.done or self.error is not None:
            self.late += 1
        if "error" in chunk:
            self.error = chunk["error"]
            return
        self.ids.add(chunk["id"])
        self.models.add(chunk["model"])
        if chunk.get("usage"):
            self.usages.append(chunk["usage"])
        for part in chunk["choices"]:
            self._choice(part)

    def _choice(self, part: JSON) -> None:
        choice = self.choices.setdefault(part["index"], Choice())
        delta = part["delta"]
        choice.text += delta.get("content") or ""
        for piece in delta.get("tool_calls") or ():
            call = choice.calls.setdefault(piece["index"], Call())
            function = piece.get("function") or {}
            call.id = call.id or piece.get("id")
            call.name += function.get("name") or ""
            call.arguments += function.get("arguments") or ""
        if part.get("finish_reason"):
            choice.finish_reasons.append(part["finish_reason"])


def says_something(chunk: JSON) -> bool:
    """Whether a chunk has a token in it, not only a role."""
    return any(
        part["delta"].get("content") or part["delta"].get("reasoning_content") or part["delta"].get("tool_calls")
        for part in chunk.get("choices") or ()
    )


def read(events: Iterable[str], *, status: int = 200) -> Answer:
    """The answer that these events make."""
    answer = Answer(status=status)
    for event in events:
        if event == "[DONE]":
            answer.late += answer.done
            answer.done = True
        else:
            answer.take(json.loads(event))
    return answer


def wrongs(answer: Answer, story: Story) -> list[str]:
    """Each way in which the answer is not what the story must become; none is what a proof asks for."""
    if answer.status != 200 or answer.error is not None:
        return [f"failed with {answer.status}: {answer.error}"]
    found = []
    if not answer.done:
        found.append("ended in silence")
    if answer.late:
        found.append(f"{answer.late} chunks after its end")
    if len(answer.ids) != 1 or answer.models != {story.body["model"]}:
        found.append(f"goes by several names: {answer.ids}, {answer.models}")
    counts = [(usage["prompt_tokens"], usage["completion_tokens"]) for usage in answer.usages]
    if counts != [(story.prompt_tokens, story.completion_tokens)]:
        found.append(f"usage {counts} for {story.prompt_tokens} and {story.completion_tokens} tokens")
    if set(answer.choices) != set(range(len(story.choices))):
        found.append(f"choices {sorted(answer.choices)}")
    for index, expected in enumerate(story.choices):
        found += _choice_wrongs(answer.choices.get(index, Choice()), expected.text, expected.finish_reason)
        if expected.call is not None:
            found += _call_wrongs(answer.choices.get(index, Choice()), expected.call)
    return found


def _choice_wrongs(choice: Choice, text: str, finish_reason: str) -> list[str]:
    """What is wrong with text and end of one choice."""
    found = []
    if choice.text != text:
        found.append(f"text {difference(choice.text, text)}")
    if choice.finish_reasons != [finish_reason]:
        found.append(f"ends with {choice.finish_reasons}, not {finish_reason}")
    return found


def _call_wrongs(choice: Choice, arguments: str) -> list[str]:
    """What is wrong with the one call that a choice must make."""
    if list(choice.calls) != [0]:
        return [f"makes calls {sorted(choice.calls)}"]
    (call,) = choice.calls.values()
    found = []
    if not call.id or call.name != "keep":
        found.append(f"call {call.name!r} with id {call.id!r}")
    if call.arguments != arguments:
        found.append(f"arguments {difference(call.arguments, arguments)}")
    return found


def difference(seen: str, expected: str) -> str:
    """Where two texts part, and how they go on there."""
    at = next(
        (i for i, (a, b) in enumerate(zip(seen, expected, strict=False)) if a != b), min(len(seen), len(expected))
    )
    return f"parts at {at} of {len(expected)}: {seen[at : at + 30]!r} for {expected[at : at + 30]!r}"


def decode(line: bytes | str) -> tuple[int, Answer]:
    """An answer as a client in another process tells of it, with its story's number."""
    told = msgspec.json.decode(line)
    return int(told["number"]), msgspec.convert(told["answer"], Answer, strict=False)
