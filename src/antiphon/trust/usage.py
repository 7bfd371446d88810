"""Whether a node tells of more tokens than its answer has. Pure."""

from __future__ import annotations

from msgspec import Struct

SLACK_TOKENS = 4  # the end of a turn, and what a template adds
SLACK_PART = 0.05  # tokenizers cut a text anew a little differently from how it was generated


class Counts(Struct, frozen=True):
    """Tokens of one answer: as the node told, as they came one by one (0: in one piece), and as a reference counts.

    `counted` is None where no reference can count; `text_bytes` is the size of all that was said.
    """

    told: int
    seen: int
    counted: int | None
    text_bytes: int


def inflated(counts: Counts) -> bool | None:
    """Whether more was told of than there is; None where nobody can know.

    A node may send several tokens in one piece, so what came one by one clears it, and does not accuse it.
    """
    if _within(counts.told, counts.seen) and counts.seen:
        return False
    if counts.counted is not None:
        return not _within(counts.told, counts.counted)
    return True if counts.told > counts.text_bytes + SLACK_TOKENS else None


def _within(told: int, found: int) -> bool:
    return told <= found + SLACK_TOKENS + int(found * SLACK_PART)
