"""Models as the schema shows them. Pure."""

from __future__ import annotations

from typing import Literal

from antiphon.graphql.inputs import Capability, ModelFilter, Online
from antiphon.graphql.summaries import ModelSummary, ProjectSummary
from antiphon.models.catalogue import Model

State = Literal["warm", "cold", "unavailable"]
ONLINE: dict[State, Online] = {"warm": "ONLINE", "cold": "PENDING", "unavailable": "OFFLINE"}


class ModelView(ModelSummary, frozen=True):
    """A model. What Adaptive tells of training, adapters and partitions, no gateway has: it is false, or null."""

    online: Online
    created_at: int
    projects: tuple[ProjectSummary, ...] = ()
    error: str | None = None
    is_external: bool = False
    provider_name: str = "HARMONY"
    is_adapter: bool = False
    is_training: bool = False
    size: int | None = None
    compute_config: None = None
    backbone: None = None


def shown(model: Model, state: State, projects: tuple[ProjectSummary, ...]) -> ModelView:
    """A model in full."""
    return ModelView(model.id, model.id, model.id, ONLINE[state], model.created * 1000, projects)


def fits(model: Model, online: Online, wanted: ModelFilter) -> bool:
    """Whether the filter lets the model through. None can be trained here; each is stored where it is served."""
    if wanted.trainable or wanted.in_storage is False:
        return False
    if wanted.available is not None and wanted.available != (online != "OFFLINE"):
        return False
    if wanted.online is not None and online not in wanted.online:
        return False
    return wanted.capabilities is None or _able(capabilities(model), wanted.capabilities.any, wanted.capabilities.all)


def capabilities(model: Model) -> frozenset[Capability]:
    """What it can do, in the words of the schema."""
    if model.embeds:
        return frozenset({"Embedding"})
    able: set[Capability] = {"TextGeneration"}
    if "image" in model.modalities:
        able.add("ImageUnderstanding")
    if model.thinks:
        able.add("Reasoning")
    return frozenset(able)


def _able(able: frozenset[Capability], one: list[Capability] | None, every: list[Capability] | None) -> bool:
    return (one is None or not able.isdisjoint(one)) and (every is None or able.issuperset(every))
