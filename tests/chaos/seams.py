"""Seams of a stream that wandered, judged by what passed between the gateway and the nodes. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tests.chaos.proxy import Passed


def answers_of(passed: Iterable[Passed], content: str) -> list[Passed]:
    """What nodes were asked for the prompt with this content, in order."""
    return [each for each in passed if _asks(each, content)]


def seam_wrongs(attempts: Sequence[Passed], text: str) -> list[str]:
    """Each gap or repeat in a text that these attempts made together.

    An attempt begins where its prefill ends; that must be text which the client has, and the last one ends the text.
    """
    found = []
    for number, attempt in enumerate(attempts):
        if not text.startswith(attempt.prefill):
            found.append(f"attempt {number} goes on from what the client never had: {attempt.prefill[-40:]!r}")
        so_far = attempt.prefill + attempt.said
        if number + 1 < len(attempts):
            if not so_far.startswith(attempts[number + 1].prefill):
                found.append(f"between attempts {number} and {number + 1} something is lost or said twice")
        elif so_far != text:
            found.append(f"the last attempt ends with {so_far[-40:]!r}, the text with {text[-40:]!r}")
    return found


def _asks(passed: Passed, content: str) -> bool:
    asked = [turn for turn in passed.body["messages"] if turn["role"] == "user"]
    return bool(asked) and asked[-1]["content"] == content
