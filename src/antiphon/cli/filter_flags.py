"""The flags that say which stored interactions are meant, and the query that they stand for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Literal
from urllib.parse import urlencode

from cyclopts import Parameter

from antiphon.cli.key_flags import seconds
from antiphon.clock import Clock, SystemClock
from antiphon.errors import ConfigError

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
    older_than: str | None = None
    """At least this old, such as 30d, 12h or 90m."""
    metric: str | None = None
    """Judged by this metric, by key or id."""
    value_min: float | None = None
    """By --metric at least this, on the average of those who judged."""
    value_max: float | None = None
    """By --metric at most this."""
    account: str | None = None
    """Of this account, in place of the key's own; takes an admin's key."""


def query(flags: FilterFlags, *, clock: Clock = SystemClock(), **paging: str | int | None) -> str:
    """The query with its `?`, "" when nothing was given."""
    pairs: list[tuple[str, str | float]] = []
    for name in ("project", "model", "label", "tag", "variant"):
        pairs += [(name, value) for value in getattr(flags, name)]
    single: dict[str, str | float | None] = {
        "session_id": flags.session,
        "user": flags.user,
        "source": flags.source,
        "campaign": flags.campaign,
        "from_ms": _milliseconds(flags.since),
        "to_ms": _end_ms(flags, clock),
        "metric": flags.metric,
        "value_min": flags.value_min,
        "value_max": flags.value_max,
        "account": flags.account,
        **paging,
    }
    pairs += [(name, value) for name, value in single.items() if value is not None]
    return f"?{urlencode(pairs)}" if pairs else ""


def _end_ms(flags: FilterFlags, clock: Clock) -> int | None:
    """Before when; ConfigError where it is said twice."""
    if flags.older_than is None:
        return _milliseconds(flags.until)
    if flags.until is not None:
        raise ConfigError("Give --until or --older-than, not both.")
    return int((clock.now() - seconds(flags.older_than, "--older-than")) * 1000)


def _milliseconds(given: datetime | None) -> int | None:
    if given is None:
        return None
    return int((given if given.tzinfo else given.replace(tzinfo=UTC)).timestamp() * 1000)
