"""What the schema's own scalars take; anything else is refused before a resolver sees it. Pure."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from antiphon.projects.model import UUID

NAME_CHARACTERS_MAX = 256
MS_MAX = 2**53


def name(value: Any) -> str:  # Any: whatever JSON a caller sends
    """An id or a key."""
    if not isinstance(value, str) or not 1 <= len(value) <= NAME_CHARACTERS_MAX or "\0" in value:
        raise ValueError(f"Expected 1 to {NAME_CHARACTERS_MAX} characters, without U+0000.")
    return value


def uuid(value: Any) -> str:  # Any: as above
    """A UUID in its usual spelling."""
    if not isinstance(value, str) or not UUID.fullmatch(value):
        raise ValueError("Expected a UUID.")
    return value.lower()


def score(value: Any) -> float:  # Any: as above
    """A finite number, or a truth; which of them a metric takes is the metric's own rule."""
    if not isinstance(value, bool | int | float) or not math.isfinite(value):
        raise ValueError("Expected a finite number, true or false.")
    return value


def moment(value: Any) -> int:  # Any: as above
    """Milliseconds since 1970, of a number of them or of an ISO 8601 time; without a zone that is UTC."""
    found = _iso_ms(value) if isinstance(value, str) else value
    if isinstance(found, bool) or not isinstance(found, int | float) or not 0 <= found < MS_MAX:
        raise ValueError("Expected milliseconds since 1970, or an ISO 8601 time.")
    return int(found)


def _iso_ms(text: str) -> int | None:
    if text.isascii() and text.isdigit() and len(text) <= 16:
        return int(text)
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        return None
    return int((time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp() * 1000)


SCALARS: dict[str, Callable[[Any], object]] = {"IdOrKey": name, "UUID": uuid, "Score": score, "Moment": moment}
