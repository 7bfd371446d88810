"""Times as channels show and take them: ISO 8601 in UTC, to the millisecond. Pure."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from antiphon.errors import BadRequest

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)


def moment(at_ms: int) -> str:
    """A time in milliseconds since 1970 as `2026-03-13T12:00:00.000Z`."""
    shown = (EPOCH + at_ms * MILLISECOND).isoformat(timespec="milliseconds")
    return shown.removesuffix("+00:00") + "Z"


def last_before(text: str, param: str) -> int:
    """The last whole millisecond that is not later than a time; BadRequest for what is none. No zone is UTC."""
    return (_time(text, param) - EPOCH) // MILLISECOND


def first_from(text: str, param: str) -> int:
    """The first whole millisecond that is not earlier than a time; BadRequest for what is none. No zone is UTC."""
    return -((EPOCH - _time(text, param)) // MILLISECOND)


def _time(text: str, param: str) -> datetime:
    try:
        time = datetime.fromisoformat(text)
        return time.astimezone(UTC) if time.tzinfo else time.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        rule = "expected an ISO 8601 time or the id of a message of this channel"
        raise BadRequest(f"{param}: {rule}.", param=param) from None
