"""How an error of an engine travels from a node to a gateway. Pure.

What a node writes is shown to people at most as one short line of plain characters.
"""

from __future__ import annotations

from antiphon.errors import (
    FINER_CODES,
    AntiphonError,
    BadRequest,
    EngineFailed,
    EngineLost,
    RequestError,
    Saturated,
    Unavailable,
)
from antiphon.link.frames import Failed, FailureKind

MESSAGE_CHARACTERS_MAX = 300
PARAM_CHARACTERS_MAX = 80
RETRY_AFTER_S_MAX = 60
NEVER_BEGAN = frozenset({"saturated", "draining", "late", "unavailable"})
LOST = "engine_lost"  # the code of a failure by which the node's engine may have died


def to_frame(error: AntiphonError, seq: int) -> Failed:
    """What a node tells of an error."""
    if isinstance(error, RequestError):
        return Failed(seq, "refused", error.message, error.param, error.code)
    if isinstance(error, EngineLost):
        return Failed(seq, "failed", error.message, code=LOST)
    kind: FailureKind = "failed"
    if isinstance(error, Unavailable):
        kind = "saturated" if isinstance(error, Saturated) else "unavailable"
    return Failed(seq, kind, error.message, retry_after_s=error.retry_after_s)


def to_error(frame: Failed) -> AntiphonError:
    """What the gateway raises for it. That a node is busy or leaves is no failure of its engine."""
    if frame.kind in ("failed", "deadline"):
        return (EngineLost if frame.code == LOST else EngineFailed)(
            _line(frame.message, MESSAGE_CHARACTERS_MAX) or "The node failed."
        )
    if frame.kind == "refused":
        owner, _ = FINER_CODES.get(frame.code or "", (AntiphonError, ""))
        code = frame.code if issubclass(owner, BadRequest) else "engine_refused"
        param = None if frame.param is None else _line(frame.param, PARAM_CHARACTERS_MAX)
        return BadRequest(_line(frame.message, MESSAGE_CHARACTERS_MAX), param=param, code=code)
    wait_s = min(max(frame.retry_after_s or 1, 1), RETRY_AFTER_S_MAX)
    if frame.kind == "unavailable":
        return Unavailable("The node's engine cannot be reached.", retry_after_s=wait_s)
    return Saturated("Every node that serves this model is busy.", retry_after_s=wait_s)


def _line(text: str, characters_max: int) -> str:
    line = " ".join(text[: 4 * characters_max].split())[:characters_max]
    return "".join(character if character.isprintable() else "?" for character in line)
