"""Whether a node's receipt tells of times and sizes that can be, beside what the gateway saw. Pure."""

from __future__ import annotations

from msgspec import Struct

from antiphon.engines.receipt import NodeReceipt

FASTER_MAX = 5.0  # than the speed that it tells of itself, which is that of many requests at once
FASTEST = 5_000.0  # tokens a second that no machine makes for one request
LONGER_MS = 1_000.0  # a node cannot have worked longer than we waited, but for what a clock that is set does
TOKENS_TIMED_MIN = 16
GRACE_MS = 50.0  # a short answer whose first token was long in coming, and clocks of whole milliseconds


class Seen(Struct, frozen=True):
    """What the gateway saw of the attempt that a receipt is for; None where it did not see that."""

    node: str
    model: str
    prompt_sha256: str
    completion_sha256: str
    waited_ms: float
    attempt: str | None = None
    completion_tokens: int | None = None  # as the end of the answer told, which the receipt has to repeat
    epoch: int | None = None


def mismatch(receipt: NodeReceipt, seen: Seen) -> str | None:
    """The first thing that the receipt says otherwise than it was seen; None when it fits."""
    for name in ("attempt", "node", "model", "prompt_sha256", "completion_sha256", "completion_tokens", "epoch"):
        expected = getattr(seen, name)
        if expected is not None and getattr(receipt, name) != expected:
            return f"{name} is {getattr(receipt, name)!r}, {expected!r} was seen"
    return None


def impossible(receipt: NodeReceipt, seen: Seen, benchmark: float | None) -> str | None:
    """Why the times cannot be; `benchmark` is how many tokens a second it tells of itself."""
    started, first, ended = receipt.started_at_ms, receipt.first_token_at_ms, receipt.ended_at_ms
    if not started <= first <= ended:
        return "it ended before it began"
    if ended - started > seen.waited_ms + LONGER_MS:
        return f"it worked {ended - started} ms, {seen.waited_ms:.0f} ms were waited for it"
    if receipt.completion_tokens < TOKENS_TIMED_MIN:
        return None
    # What the gateway waited bounds it too: a node that tells of slow work has not done it any slower.
    took_ms = min(float(ended - started), seen.waited_ms) + GRACE_MS
    speed = 1000 * receipt.completion_tokens / took_ms
    fastest = FASTEST if benchmark is None else min(FASTEST, FASTER_MAX * benchmark)
    return f"it made {speed:.0f} tokens a second, {fastest:.0f} are the most it can" if speed > fastest else None
