"""What the `model` of a request names, by door and key."""

from __future__ import annotations

import pytest

from antiphon.errors import AntiphonError, ModelNotFound, PermissionDenied, ProjectNotFound, Unavailable
from antiphon.key import Key
from antiphon.projects.model import Project
from antiphon.projects.resolve import Target, may_use, resolve


class Models:
    """The models that a small gateway serves; `small` is an alias."""

    def __init__(self, *ids: str) -> None:
        self._ids = dict(zip((*ids, "small"), (*ids, ids[0]), strict=True)) if ids else {}

    def id_of(self, name: str) -> str | None:
        """As the catalogue does it."""
        return self._ids.get(name)

    def first(self) -> str | None:
        """As the catalogue does it."""
        return next(iter(self._ids), None)


SERVED = Models("smollm2:135m", "dmind/dmind-1", "qwen3:8b")
SUPPORT = Project("id-1", "support", "Support", default_model="small", models=("small", "qwen3:8b", "absent"))
DMIND = Project("id-2", "dmind", "DMind")
LATE = Project("id-3", "late", "Late", default_model="absent")
LISTED = Project("id-4", "listed", "Listed", models=("absent", "qwen3:8b"))
PROJECTS = {name: each for each in (SUPPORT, DMIND, LATE, LISTED) for name in (each.id, each.key)}
ANY = Key("any")
LIMITED = Key("limited", projects=frozenset({"support"}))


def asked(name: str, *, project_first: bool = False, key: Key = ANY) -> Target:
    """What a name is for, in this gateway."""
    return resolve(name, project_first=project_first, key=key, projects=PROJECTS, served=SERVED)


@pytest.mark.parametrize(
    ("name", "model_first", "project_first"),
    [
        ("support", Target(SUPPORT, "smollm2:135m", named=False), "same"),
        ("id-1", Target(SUPPORT, "smollm2:135m", named=False), "same"),
        ("support/qwen3:8b", Target(SUPPORT, "qwen3:8b"), "same"),
        ("support/small", Target(SUPPORT, "smollm2:135m"), "same"),
        ("dmind", Target(DMIND, "smollm2:135m", named=False), "same"),
        ("dmind/dmind/dmind-1", Target(DMIND, "dmind/dmind-1"), "same"),
        ("listed", Target(LISTED, "qwen3:8b", named=False), "same"),
        ("small", Target(None, "small"), ProjectNotFound),
        ("smollm2:135m", Target(None, "smollm2:135m"), ProjectNotFound),
        ("dmind/dmind-1", Target(None, "dmind/dmind-1"), ModelNotFound),
        ("nothing", Target(None, "nothing"), ProjectNotFound),
        ("nothing/at-all", Target(None, "nothing/at-all"), ProjectNotFound),
        ("", Target(None, ""), ProjectNotFound),
        ("support/dmind/dmind-1", ModelNotFound, "same"),
        ("support/", ModelNotFound, "same"),
        ("support/absent", Unavailable, "same"),
        ("late", Unavailable, "same"),
    ],
)
def test_what_a_name_means(
    name: str, model_first: Target | type[AntiphonError], project_first: Target | type[AntiphonError] | str
) -> None:
    """A model first or a project first, as the door says; what a model's door does not know is left as it is."""
    for first, expected in ((False, model_first), (True, model_first if project_first == "same" else project_first)):
        if isinstance(expected, Target):
            assert asked(name, project_first=first) == expected
        else:
            assert isinstance(expected, type)
            with pytest.raises(expected):
                asked(name, project_first=first)


def test_refusals_say_what_is_there() -> None:
    """The nearest project, and a caller's own words only where they can be shown."""
    with pytest.raises(ProjectNotFound) as refused:
        asked("suport/x", project_first=True)
    assert refused.value.message == "The project 'suport' does not exist. Did you mean 'support'?"
    with pytest.raises(ModelNotFound) as refused_model:
        asked("support/x\n")
    assert refused_model.value.message == "The model 'x?' is not one of the project 'support'."
    assert refused.value.param == refused_model.value.param == "model"


@pytest.mark.parametrize("name", ["dmind", "id-2", "dmind/qwen3:8b"])
@pytest.mark.parametrize("project_first", [False, True])
def test_a_key_keeps_to_its_projects(name: str, project_first: bool) -> None:
    """It is refused the others, whatever it asks of them."""
    with pytest.raises(PermissionDenied, match="'dmind'"):
        asked(name, project_first=project_first, key=LIMITED)


@pytest.mark.parametrize("name", ["smollm2:135m", "nothing"])
def test_a_limited_key_has_to_name_a_project(name: str) -> None:
    """Else it would go round the project's prompt and its list of models."""
    with pytest.raises(PermissionDenied, match="such as 'support'"):
        asked(name, key=LIMITED)
    assert asked("support", key=LIMITED).project == SUPPORT


def test_a_suggestion_keeps_secrets() -> None:
    """A key is not told of projects that it may not use."""
    with pytest.raises(ProjectNotFound) as refused:
        asked("dmint", project_first=True, key=LIMITED)
    assert "Did you mean" not in refused.value.message


def test_a_limit_names_a_project_either_way() -> None:
    """By key or by id; no limit is all of them."""
    assert may_use(Key("a", projects=frozenset({"id-1"})), SUPPORT)
    assert may_use(LIMITED, SUPPORT)
    assert not may_use(LIMITED, DMIND)
    assert may_use(ANY, DMIND)


def test_nothing_is_served() -> None:
    """A project without a list waits for any model."""
    with pytest.raises(Unavailable):
        resolve("dmind", project_first=True, key=ANY, projects=PROJECTS, served=Models())
