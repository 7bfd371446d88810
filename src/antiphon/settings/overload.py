"""The settings of what is refused when the gateway itself has too much to do."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from antiphon.settings.bounds import Probability


class OverloadSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When requests are refused early, so that those under way are served well."""

    lag_s: Annotated[
        Annotated[float, Meta(ge=0, le=60)],
        Meta(description="Lag of the event loop, for a second on end, above which new work is refused; 0: never."),
    ] = 0.1
    images_memory_share: Annotated[
        Probability,
        Meta(description="Share of memory in use above which images are refused; 1: never."),
    ] = 0.85
    memory_share: Annotated[
        Probability,
        Meta(description="Share of memory in use above which everything but probes is refused; 1: never."),
    ] = 0.95
    memory_bytes: Annotated[
        Annotated[int, Meta(ge=0, le=1 << 50)],
        Meta(description="What the gateway may have in memory; 0: as much as its container or its machine has."),
    ] = 0
