"""The flags that say which stored interactions are meant, and the query that they stand for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Literal
from urllib.parse import urlencode

from cyclopts import Parameter

Several = Annotated[tuple[str, ...], Parameter(consume_multiple=False)]


@dataclass(frozen=True, kw_only=True)
class FilterFlags:
    """One field of the query a flag; empty where the flag was not given."""

    project: Several = ()
    """A project, by key or id. Repeatable: one of them is enough."""
    model: Several = ()
    """A model. Repeatable: one of them is enough."""
    label: Several = ()
    """KEY or KEY=VALUE. Repeatable: all keys are needed, of several values of one key one is enough."""
    tag: Several = ()
    """A tag. Repeatable: all are needed."""
    session: str | None = None
    """A session id."""
    user: str | None = None
    """The request's user."""
    source: Literal["LIVE", "OFFLINE"] | None = None
    """LIVE for answers of the gateway, OFFLINE for what was added."""
    campaign: str | None = None
    """A campaign."""
    variant: Several = ()
    """A variant of a campaign. Repeatable: one of them is enough."""
    since: datetime | None = None
    """From this time on, such as 2026-11-25 or 2026-11-25T12:00:00; UTC."""
    until: datetime | None = None
    """Before this time."""


def query(flags: FilterFlags, **paging: str | int | None) -> str:
    """The query with its `?`, "" when nothing was given."""
    pairs: list[tuple[str, str | int]] = []
    for name in ("project", "model", "label", "tag", "variant"):
        pairs += [(name, value) for value in getattr(flags, name)]
    single = {
        "session_id": flags.session,
        "user": flags.user,
        "source": flags.source,
        "campaign": flags.campaign,
        "from_ms": _milliseconds(flags.since),
        "to_ms": _milliseconds(flags.until),
        **paging,
    }
    pairs += [(name, value) for name, value in single.items() if value is not None]
    return f"?{urlencode(pairs)}" if pairs else ""


def _milliseconds(given: datetime | None) -> int | None:
    if given is None:
        return None
    return int((given if given.tzinfo else given.replace(tzinfo=UTC)).timestamp() * 1000)
