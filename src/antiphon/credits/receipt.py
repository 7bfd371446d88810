"""What a request took, and what was charged for it and why. Pure; the rule of charging stands here, and only here."""

from __future__ import annotations

import hashlib
from typing import Literal

from msgspec import Struct

from antiphon.chat import Usage
from antiphon.engines.receipt import SignedReceipt
from antiphon.key import Ledger
from antiphon.models.catalogue import Prices

Reason = Literal["delivered", "client_gone", "timed_out", "failed", "free", "not_charged"]
Operation = Literal["chat", "text_completion", "embeddings"]


class Served(Struct, frozen=True, gc=False):
    """A part of an answer: which node said it, in which attempt, and how many tokens that were."""

    node: str
    attempt: str
    tokens: int


class Outcome(Struct, frozen=True, gc=False):
    """How a request ended: what it took, and which node served it, or which nodes in turn."""

    usage: Usage
    reason: Reason
    node: str = ""
    served: tuple[Served, ...] = ()


class Receipt(Struct, frozen=True, omit_defaults=True):
    """One request of a key that spends credit. Amounts are whole micro-USDC, prices are as they were at the hold."""

    id: str  # of the answer, and of the hold
    request_id: str
    account: str
    key: str
    ledger: Ledger
    operation: Operation
    door: str
    model: str
    node: str
    streamed: bool
    prices: Prices
    usage: Usage
    held: int
    charged: int
    reason: Reason
    began_at_ms: int
    ended_at_ms: int
    request_sha256: str
    answer_sha256: str | None = None  # a stream's is not made
    served: tuple[Served, ...] = ()  # by several nodes in turn, where one took over from another
    signed: tuple[SignedReceipt, ...] = ()  # what nodes signed of it
    campaign: str | None = None  # by its key, where the request got one of its variants
    variant: str | None = None


class Terms(Struct, frozen=True, gc=False):
    """What a request can take at most: tokens of all its prompts together, and of all its choices."""

    prompt_tokens: int
    completion_tokens: int

    def believed(self, usage: Usage) -> Usage:
        """What somebody says that it took, as far as it can have taken that."""
        if (
            0 <= usage.prompt_tokens <= self.prompt_tokens
            and 0 <= usage.completion_tokens <= self.completion_tokens
            and usage.cached_tokens >= 0
            and usage.reasoning_tokens >= 0
            and usage.image_tokens >= 0
        ):
            return usage
        return Usage(
            prompt_tokens=_within(usage.prompt_tokens, self.prompt_tokens),
            completion_tokens=_within(usage.completion_tokens, self.completion_tokens),
            cached_tokens=max(0, usage.cached_tokens),
            reasoning_tokens=max(0, usage.reasoning_tokens),
            image_tokens=max(0, usage.image_tokens),
        )


def payable(usage: Usage, reason: Reason, *, streamed: bool) -> bool:
    """Whether something is to be paid: an answer that was delivered, or the part of a stream that was."""
    if reason == "delivered":
        return True
    return streamed and usage.completion_tokens > 0


def reason_of(failure: str | None) -> Reason:
    """Why a request ended, by the code of its failure."""
    if failure is None:
        return "delivered"
    if failure == "client_gone":
        return "client_gone"
    return "timed_out" if failure in ("deadline_exceeded", "first_token_timeout") else "failed"


def digest(body: bytes) -> str:
    """What stands for a body in a receipt."""
    return hashlib.sha256(body).hexdigest()


def _within(count: int, most: int) -> int:
    return max(0, min(count, most))
