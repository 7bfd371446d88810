"""The settings of what is stored of requests."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from antiphon.settings.bounds import Days


class InteractionSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Stored interactions: prompts, answers, and feedback on them."""

    keep_days: Annotated[
        Days,
        Meta(description="Days until an interaction is deleted, unless its project says otherwise; 0: it is kept."),
    ] = 30
