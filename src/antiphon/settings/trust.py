"""The settings of trust: how much of what nodes do is looked at, and beside what."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from antiphon.settings.bounds import Name

Nats = Annotated[float, Meta(gt=0, le=20)]
PerMille = Annotated[int, Meta(ge=0, le=1000)]


class ModelTolerance(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How far a model's log-probabilities may be from a reference's."""

    model: Annotated[Name, Meta(description="The model as clients name it.")]
    nats: Annotated[Nats, Meta(description="The largest difference, in nats.")]


class TrustSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Checks of nodes, and of upstreams that have an owner, beside engines of our own that serve the same model."""

    checked_per_mille: Annotated[
        PerMille,
        Meta(description="Of 1,000 answers of a node, how many are looked at; a suspect's are looked at more often."),
    ] = 100
    tolerance_nats: Annotated[
        Nats,
        Meta(description="How far log-probabilities may be from a reference's, by the median of the places looked at."),
    ] = 0.25
    tolerances: Annotated[
        tuple[ModelTolerance, ...],
        Meta(description="Models for which another tolerance holds, such as where quantisations differ."),
    ] = ()
