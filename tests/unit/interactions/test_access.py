"""Which interactions a key may see, and which project it means."""

from __future__ import annotations

import pytest

from antiphon.errors import PermissionDenied, ProjectNotFound
from antiphon.interactions.access import find_project, project_id, reach
from antiphon.interactions.model import Reach
from antiphon.key import ADMIN, Key
from antiphon.projects.model import Project
from tests.unit.interactions.stored import uuid

SUPPORT, SALES = Project(uuid(1), "support", "Support"), Project(uuid(2), "sales", "Sales")
PROJECTS = {uuid(1): SUPPORT, "support": SUPPORT, uuid(2): SALES, "sales": SALES}
FREE = Key("free")
OPERATOR = Key("operator", scopes=ADMIN, projects=frozenset({"sales"}))
LIMITED = Key("limited", projects=frozenset({"support"}), account_name="acme")


def test_a_key_reaches_its_account() -> None:
    """All of it, or its projects, by whichever name the key has them."""
    assert reach(FREE, PROJECTS) == Reach("free")
    assert reach(LIMITED, PROJECTS) == Reach("acme", (uuid(1),))
    assert reach(Key("k", projects=frozenset({uuid(2), "support"})), PROJECTS) == Reach("k", (uuid(1), uuid(2)))
    assert reach(Key("k", projects=frozenset({"gone"})), PROJECTS) == Reach("k", ())


def test_an_administrator_reaches_other_accounts() -> None:
    """But no other projects than its own; whoever is none reaches only what it reaches anyway."""
    assert reach(OPERATOR, PROJECTS, "acme") == Reach("acme", (uuid(2),))
    assert reach(FREE, PROJECTS, "free") == Reach("free")
    with pytest.raises(PermissionDenied, match="^account: "):
        reach(FREE, PROJECTS, "acme")


def test_a_project_has_two_names() -> None:
    """Its key and its id."""
    assert find_project("sales", FREE, PROJECTS, "project") is find_project(uuid(2), FREE, PROJECTS, "project") is SALES


def test_a_project_that_is_not_there() -> None:
    """The refusal names the field."""
    with pytest.raises(ProjectNotFound, match="^project 'other'") as refused:
        find_project("other", FREE, PROJECTS, "project")
    assert refused.value.param == "project"
    with pytest.raises(PermissionDenied):
        find_project("sales", LIMITED, PROJECTS, "project")


def test_a_deleted_project_is_found_by_its_id() -> None:
    """Its interactions are still there."""
    assert project_id("support", FREE, PROJECTS, "project") == uuid(1)
    assert project_id(uuid(9), FREE, PROJECTS, "project") == uuid(9)
    with pytest.raises(ProjectNotFound):
        project_id("gone", FREE, PROJECTS, "project")
