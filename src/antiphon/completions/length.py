"""How an answer ends for want of length, where its engine does not see to it. Pure."""

from __future__ import annotations

from antiphon.chat import Delta


def ended(deltas: list[Delta], tokens: int, most: float) -> tuple[list[Delta], int, bool]:
    """The last deltas, how many tokens there are with them, and whether they were cut at `most`.

    `tokens` counts each delta as one. A bare finish is no token; an engine that goes on past `most` is cut there.
    """
    last = deltas[-1]
    count = len(deltas)
    if last.finish_reason is not None and not (last.content or last.reasoning or last.tool_calls):
        count -= 1
        tokens -= 1
    if tokens <= most:
        return deltas, tokens, False
    kept = deltas[: max(0, count - (tokens - int(most)))]
    return [*kept, Delta(finish_reason="length")], int(most), True
