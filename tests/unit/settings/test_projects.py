"""Projects in the configuration."""

from __future__ import annotations

import msgspec

from antiphon.chat import Sampling
from antiphon.projects.model import Project, configured_id
from antiphon.projects.template import Argument, Template
from antiphon.settings.projects import ProjectSettings, as_project


def test_a_project_in_full() -> None:
    """Every setting has its place in the project."""
    values = {
        "key": "support",
        "name": "Support",
        "description": "Answers",
        "default_model": "a",
        "models": ["a", "b"],
        "system_prompt": "{{x}}{{y}}",
        "arguments": [{"name": "x", "required": False}, {"name": "y", "default": "Y", "description": "why"}],
        "tool_providers": ["search"],
        "defaults": {
            "temperature": 0.1,
            "top_p": 0.2,
            "top_k": 3,
            "min_p": 0.4,
            "frequency_penalty": 0.5,
            "presence_penalty": 0.6,
            "repetition_penalty": 0.7,
            "max_tokens": 8,
            "timeout_secs": 9,
        },
        "store": True,
        "nodes": ["node-1"],
    }
    assert as_project(msgspec.convert(values, ProjectSettings)) == Project(
        configured_id("support"),
        "support",
        "Support",
        "Answers",
        "a",
        ("a", "b"),
        Template("{{x}}{{y}}", (Argument("x", required=False), Argument("y", default="Y", description="why"))),
        ("search",),
        Sampling(8, 0.1, 0.2, 3, 0.4, 0.5, 0.6, 0.7),
        9.0,
        store=True,
        nodes=("node-1",),
        origin="config",
    )


def test_a_key_is_enough() -> None:
    """It is the name as well, and always has the same id."""
    project = as_project(ProjectSettings(key="a"))
    assert project == Project(configured_id("a"), "a", "a", origin="config")
    assert project.id == as_project(ProjectSettings(key="a")).id != configured_id("b")
