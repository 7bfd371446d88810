"""Which stored interactions a key may see, and which project it means. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from antiphon.errors import PermissionDenied, ProjectNotFound
from antiphon.interactions.model import Reach
from antiphon.key import Key
from antiphon.projects.model import UUID, Project
from antiphon.projects.resolve import require_use, shown, visible

Projects = Mapping[str, Project]


def reach(key: Key, projects: Projects, account: str | None = None) -> Reach:
    """What the key may see: its account's own, and of that only its projects when it is limited to some.

    An administrator may mean another `account`; PermissionDenied for anybody else.
    """
    if account not in (None, key.account) and "admin" not in key.scopes:
        raise PermissionDenied("account: another account's takes a key with the scope `admin`.", param="account")
    meant = account or key.account
    if not key.projects:
        return Reach(meant)
    ids = {project.id for project in visible(key, projects).values()}
    return Reach(meant, tuple(sorted(ids)))


def find_project(name: str, key: Key, projects: Projects, param: str) -> Project:
    """The project of that id or key; ProjectNotFound, or PermissionDenied when the key is limited to others."""
    project = projects.get(name)
    if project is None:
        raise ProjectNotFound(f"project {shown(name)} does not exist.", param=param)
    require_use(key, project)
    return project


def project_id(name: str, key: Key, projects: Projects, param: str) -> str:
    """The id to look for: also that of a project which is gone, and whose interactions are still there."""
    if name not in projects and UUID.fullmatch(name):
        return name.lower()
    return find_project(name, key, projects, param).id
