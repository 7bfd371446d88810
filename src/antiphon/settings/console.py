"""The settings of the console: whether there is one, and how long who has signed in stays so."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

SessionSeconds = Annotated[int, Meta(ge=60, le=366 * 86_400)]


class ConsoleSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The console, for browsers, at the gateway's own address."""

    enabled: Annotated[bool, Meta(description="Whether there is a console.")] = True
    idle_s: Annotated[SessionSeconds, Meta(description="Time after which who does nothing has to sign in again.")] = (
        8 * 3_600
    )
    session_s: Annotated[SessionSeconds, Meta(description="Time after which everybody has to.")] = 7 * 86_400
