"""What a node signs of a job that it did, and the digests that both of its sides make of it. Pure.

Whoever hands deltas on may cut and join them as it likes: the digest of an answer is the same.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

import msgspec
from msgspec import Struct

from antiphon.chat import Choice, Delta
from antiphon.engines import Job

TITLE = "Antiphon node receipt 1\n"  # no wallet signs this for anything else


class NodeReceipt(Struct, frozen=True):
    """What a node says that it did for one attempt. Times are in milliseconds since 1970, by the node's own clock."""

    attempt: str
    node: str
    model: str
    prompt_sha256: str
    completion_sha256: str
    prompt_tokens: int
    completion_tokens: int
    started_at_ms: int
    first_token_at_ms: int  # when it ended, where nothing came
    ended_at_ms: int
    epoch: int

    @property
    def text(self) -> str:
        """What the node's wallet signs, as `personal_sign` does (EIP-191): one line a field, in this order."""
        fields = msgspec.structs.asdict(self)
        return TITLE + "\n".join(f"{name}: {value}" for name, value in fields.items())


class SignedReceipt(Struct, frozen=True):
    """A node's receipt and its wallet's signature: `0x` and 130 hexadecimal digits."""

    receipt: NodeReceipt
    signature: str


class AnswerDigest:
    """The digest of one choice, fed with its deltas as they pass."""

    __slots__ = ("_calls", "_content", "_reasoning")

    def __init__(self) -> None:
        self._content = hashlib.sha256()
        self._reasoning = hashlib.sha256()
        self._calls: dict[int, list[str]] = {}

    def see(self, deltas: Iterable[Delta]) -> None:
        """Take what came next."""
        for delta in deltas:
            if delta.content:
                self._content.update(_bytes(delta.content))
            if delta.reasoning:
                self._reasoning.update(_bytes(delta.reasoning))
            for call in delta.tool_calls:
                told = self._calls.setdefault(call.index, ["", ""])
                told[0] += call.name or ""
                told[1] += call.arguments

    @property
    def sha256(self) -> str:
        """The digest of what came so far: of its text, its thoughts, and its calls without their ids."""
        calls = [self._calls[index] for index in sorted(self._calls)]
        return _digest((self._content.hexdigest(), self._reasoning.hexdigest(), calls))


def prompt_sha256(job: Job) -> str:
    """The digest of what a job asks for: its turns, or its prompt."""
    return _digest((job.messages, job.prompt))


def answer_sha256(choice: Choice) -> str:
    """The digest of a choice that came in one piece."""
    content, reasoning = (hashlib.sha256(_bytes(text or "")) for text in (choice.content, choice.reasoning))
    calls = [[call.name, call.arguments] for call in choice.tool_calls]
    return _digest((content.hexdigest(), reasoning.hexdigest(), calls))


def _digest(told: object) -> str:
    return hashlib.sha256(msgspec.json.encode(told)).hexdigest()


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
