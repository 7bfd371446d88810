"""What happens to an answer whose engine fails in the middle of it."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from antiphon.settings.bounds import CountOrNone, Seconds


class FailoverSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How often an answer goes on elsewhere, and when."""

    continuations_max: Annotated[
        CountOrNone,
        Meta(description="How often one answer that broke off goes on at another engine; 0: it ends in an error."),
    ] = 3
    stall_s: Annotated[
        Seconds,
        Meta(
            description="Silence between two tokens after which an answer goes on at another engine, if one is free; "
            "if none is, it has failed after `timeouts.inter_token_s`."
        ),
    ] = 5.0
    hedging: Annotated[
        bool,
        Meta(
            description="Whether a first token that is late is looked for at another engine too; whichever is first "
            "is heard."
        ),
    ] = True
