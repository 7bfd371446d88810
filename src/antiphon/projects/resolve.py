"""What the `model` of a request names: a model, a project, or a model of a project. Pure.

Model ids may hold slashes too, so the door decides what is looked for first; nothing is ever guessed.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Protocol

from msgspec import Struct

from antiphon.errors import ModelNotFound, PermissionDenied, ProjectNotFound, Unavailable
from antiphon.key import Key
from antiphon.projects.model import Project

SUGGESTION_LIKENESS = 0.5
SHOWN_CHARACTERS_MAX = 80


class Served(Protocol):
    """The models that are on offer now."""

    def id_of(self, name: str) -> str | None:
        """The id of the model with that id or alias."""
        ...

    def first(self) -> str | None:
        """The id of the first model."""
        ...


class Target(Struct, frozen=True):
    """What a request is for. `named`: whether it named the model itself, or left it to the project."""

    project: Project | None
    model: str
    named: bool = True


def resolve(name: str, *, project_first: bool, key: Key, projects: Mapping[str, Project], served: Served) -> Target:
    """The project and the model of a request's `model`; `projects` holds each under its key and its id.

    Without `project_first` a model comes first, and a name that is neither is left to the catalogue to refuse.
    """
    if not project_first and served.id_of(name) is not None:
        return _bare(name, key)
    first, slash, rest = name.partition("/")
    project = projects.get(first)
    if project is None:
        if project_first:
            raise missing(first, visible(key, projects))
        return _bare(name, key)
    require_use(key, project)
    if not slash:
        return Target(project, _default_model(project, served), named=False)
    found = served.id_of(rest)
    if found is None and rest in project.models:
        raise Unavailable(f"The model {rest!r} of the project {project.key!r} is not served now.")
    if found is None or not _has(project, found, served):
        raise ModelNotFound(f"The model {shown(rest)} is not one of the project {project.key!r}.", param="model")
    return Target(project, found)


def visible(key: Key, projects: Mapping[str, Project]) -> dict[str, Project]:
    """The projects that a key may use, each once, by key."""
    return {project.key: project for project in projects.values() if may_use(key, project)}


def may_use(key: Key, project: Project) -> bool:
    """Whether the key is not limited to other projects."""
    return not key.projects or project.key in key.projects or project.id in key.projects


def require_use(key: Key, project: Project) -> None:
    """PermissionDenied if the key is limited to other projects."""
    if not may_use(key, project):
        raise PermissionDenied(f"This key may not use the project {project.key!r}.")


def missing(name: str, projects: Mapping[str, Project]) -> ProjectNotFound:
    """The refusal of a name that no project has; it suggests the nearest of `projects`."""
    near = difflib.get_close_matches(name[:SHOWN_CHARACTERS_MAX], projects, n=1, cutoff=SUGGESTION_LIKENESS)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    return ProjectNotFound(f"The project {shown(name)} does not exist.{hint}", param="model")


def shown(name: str) -> str:
    """A caller's own words in a message: printable and short."""
    return repr("".join(one if one.isprintable() else "?" for one in name[:SHOWN_CHARACTERS_MAX]))


def _bare(name: str, key: Key) -> Target:
    """A model without a project, which a key that is limited to projects may not have."""
    if key.projects:
        near = min(key.projects)
        raise PermissionDenied(f"This key may use only some projects: `model` has to name one, such as {near!r}.")
    return Target(None, name)


def _has(project: Project, model: str, served: Served) -> bool:
    """Whether the project has the model of that id; its own list may name it by an alias."""
    return not project.models or any(model in (name, served.id_of(name)) for name in project.models)


def _default_model(project: Project, served: Served) -> str:
    if project.default_model is not None:
        found = served.id_of(project.default_model)
    elif project.models:
        found = next((found for name in project.models if (found := served.id_of(name)) is not None), None)
    else:
        found = served.first()
    if found is None:
        raise Unavailable(f"The default model of the project {project.key!r} is not served now.")
    return found
