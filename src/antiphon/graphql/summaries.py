"""How things are told of that others refer to: by id, key and name. Pure."""

from __future__ import annotations

from msgspec import Struct

from antiphon.projects.model import Project


class ModelSummary(Struct, frozen=True):
    """A model that something names; it need not be there any more. It has one name, in three places."""

    id: str
    key: str
    name: str


class ProjectSummary(Struct, frozen=True):
    """A project."""

    id: str
    key: str
    name: str
    description: str


def of_model(model_id: str) -> ModelSummary:
    """The summary of a model."""
    return ModelSummary(model_id, model_id, model_id)


def of_project(project: Project) -> ProjectSummary:
    """The summary of a project."""
    return ProjectSummary(project.id, project.key, project.name, project.description)
