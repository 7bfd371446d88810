"""All checks, area by area, in the order in which they are shown."""

from __future__ import annotations

from collections.abc import Collection

from antiphon.conformance.areas import (
    adaptive,
    choices,
    confidence,
    embeddings,
    errors,
    heartbeats,
    interactions,
    logprobs,
    models,
    nugen,
    plain,
    prefill,
    ranges,
    reasoning,
    sampling,
    sessions,
    stop,
    stream,
    structured,
    text,
    tools,
    truncation,
    vision,
)
from antiphon.conformance.check import Check, Doors
from antiphon.errors import ConfigError

CHECKS: tuple[Check, ...] = (
    *plain.CHECKS,
    *stream.CHECKS,
    *sampling.CHECKS,
    *stop.CHECKS,
    *choices.CHECKS,
    *logprobs.CHECKS,
    *structured.CHECKS,
    *tools.CHECKS,
    *prefill.CHECKS,
    *reasoning.CHECKS,
    *vision.CHECKS,
    *ranges.CHECKS,
    *errors.CHECKS,
    *models.CHECKS,
    *text.CHECKS,
    *embeddings.CHECKS,
    *nugen.CHECKS,
    *adaptive.CHECKS,
    *sessions.CHECKS,
    *interactions.CHECKS,
    *truncation.CHECKS,
    *confidence.CHECKS,
    *heartbeats.CHECKS,
)
AREAS = tuple(dict.fromkeys(check.area for check in CHECKS))


def chosen(*, areas: Collection[str] = (), door: Doors = "all", slow: bool = False) -> tuple[Check, ...]:
    """The checks of these areas (of all, if none is named) and of that door; ConfigError for an unknown area."""
    unknown = [area for area in areas if area not in AREAS]
    if unknown:
        raise ConfigError(f"There is no area {unknown[0]!r}; there are {', '.join(AREAS)}.")
    return tuple(
        check
        for check in CHECKS
        if (not areas or check.area in areas) and door in {"all", check.door} and (slow or not check.slow)
    )
