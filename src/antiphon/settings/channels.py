"""The settings of channels: which are always there, how much is posted to them, how long messages stay."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from antiphon.settings.bounds import Bytes, CountOrNone, Seconds

ChannelName = Annotated[
    str,
    Meta(
        pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$",
        title="1 to 64 lower-case letters, digits, `-` and `_`, beginning with a letter or digit",
    ),
]


class ChannelSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Channels, where accounts post messages and read them."""

    public: Annotated[
        tuple[ChannelName, ...],
        Meta(description="Channels that every account reads and writes, made at start; operators may make more."),
    ] = ("general", "requests")
    content_bytes_max: Annotated[Bytes, Meta(description="Longest message.")] = 16 * 1024
    posts_per_minute: Annotated[
        CountOrNone,
        Meta(
            description="Messages that an account may post in a minute, at all gateways together; 0 means no limit. "
            "Keys with the scope `admin` have none."
        ),
    ] = 60
    per_account_max: Annotated[CountOrNone, Meta(description="Channels that one account may have.")] = 100
    members_max: Annotated[CountOrNone, Meta(description="Members of one channel, besides its owner.")] = 1_000
    followers_max: Annotated[
        CountOrNone,
        Meta(description="Requests that wait for messages at once; one more is answered 503."),
    ] = 1_000
    wait_s_max: Annotated[Seconds, Meta(description="Largest `wait` that a request may ask for.")] = 60.0
    follow_s: Annotated[
        Seconds,
        Meta(description="Time after which a followed stream ends, so that its reader shows its key again."),
    ] = 3_600.0
    retention_days: Annotated[
        Annotated[int, Meta(ge=0, le=36_500)],
        Meta(description="Days for which messages are kept; 0 means until somebody deletes them."),
    ] = 90
