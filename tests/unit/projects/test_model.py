"""The rules that a project keeps by itself."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from antiphon.projects.model import MODELS_MAX, TOOL_PROVIDERS_MAX, Project, broken
from antiphon.projects.template import Argument, Template

GOOD = Project("1", "support", "Support")


def places(project: Project) -> list[str]:
    """Where the project breaks a rule."""
    return [".".join(map(str, place)) for place, _ in broken(project)]


@pytest.mark.parametrize("key", ["a", "support", "Support-2.1_x", "0", "a" * 64])
def test_good_keys(key: str) -> None:
    """Letters, digits and a few marks; no slash, since that is where a model begins."""
    assert places(replace(GOOD, key=key)) == []


@pytest.mark.parametrize(
    "key", ["", "a/b", "a b", "-a", ".a", "ä", "a:b", "a\n", "a" * 65, "6f2d8ab0-97cc-4e5f-9a34-0d9c15b1d2a7"]
)
def test_bad_keys(key: str) -> None:
    """A key that looks like an id is refused too, since projects are found by both."""
    assert places(replace(GOOD, key=key)) == ["key"]


@pytest.mark.parametrize(
    ("project", "wrong"),
    [
        (replace(GOOD, name=""), ["name"]),
        (replace(GOOD, name="x" * 201), ["name"]),
        (replace(GOOD, description="x" * 4097), ["description"]),
        (replace(GOOD, default_model="a"), []),
        (replace(GOOD, default_model="a", models=("b", "a")), []),
        (replace(GOOD, default_model="a", models=("b",)), ["default_model"]),
        (replace(GOOD, models=("a", "b", "a", "")), ["models.2", "models.3"]),
        (replace(GOOD, models=tuple(map(str, range(MODELS_MAX + 1)))), ["models"]),
        (replace(GOOD, tool_providers=("a", "a")), ["tool_providers.1"]),
        (replace(GOOD, nodes=("a", "")), ["nodes.1"]),
        (replace(GOOD, tool_providers=tuple(map(str, range(TOOL_PROVIDERS_MAX + 1)))), ["tool_providers"]),
        (replace(GOOD, system_prompt=Template("x", (Argument("a"),))), ["arguments.0.name"]),
    ],
)
def test_rules(project: Project, wrong: list[str]) -> None:
    """Each is told with its place."""
    assert places(project) == wrong
