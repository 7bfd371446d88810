"""Projects as the schema shows them, and the models that they have. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from antiphon.graphql.metric_views import MetricView
from antiphon.graphql.model_views import ModelView
from antiphon.graphql.summaries import ProjectSummary
from antiphon.projects.model import Project


class ModelService(Struct, frozen=True):
    """A model as a project has it; its name is the model's."""

    id: str
    key: str
    name: str
    model: ModelView
    is_default: bool
    created_at: int
    desired_online: bool = True


class ProjectView(ProjectSummary, frozen=True):
    """A project. There are no teams that it could be shared with."""

    created_at: int
    metrics: Sequence[MetricView]
    model_services: Sequence[ModelService]
    permissions: Sequence[str]
    shares: Sequence[str] = ()


def service(model: ModelView, *, is_default: bool) -> ModelService:
    """The model as a project has it."""
    return ModelService(model.id, model.key, model.name, model, is_default, model.created_at)


def shown(
    project: Project, metrics: Sequence[MetricView], services: Sequence[ModelService], scopes: Sequence[str]
) -> ProjectView:
    """A project in full; `scopes` are those of the key that asks."""
    return ProjectView(
        project.id,
        project.key,
        project.name,
        project.description,
        project.created_at_ms,
        metrics,
        services,
        scopes,
    )
