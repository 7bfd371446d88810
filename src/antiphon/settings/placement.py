"""The settings of placement: how much is remembered of where prompts went."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct


class PlacementSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is remembered to send requests where their prompts are in a cache."""

    prefixes_max: Annotated[
        Annotated[int, Meta(ge=8, le=10_000_000)],
        Meta(description="Beginnings of prompts that are remembered, once for each engine; some 200 bytes each."),
    ] = 200_000
    sessions_max: Annotated[
        Annotated[int, Meta(ge=1, le=10_000_000)],
        Meta(description="Sessions whose last engine is remembered."),
    ] = 20_000
