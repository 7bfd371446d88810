"""Projects on the wire and back."""

from __future__ import annotations

import msgspec
import pytest

from antiphon.chat import Sampling
from antiphon.errors import BadRequest
from antiphon.projects.model import Project
from antiphon.projects.template import Argument, Template
from antiphon.projects.wire import ProjectBody, ProjectChangeBody, changed, draft, shown

TEMPLATE = Template("{{x}}{{y}}", (Argument("x", description="first"), Argument("y", required=False)))
FULL = Project(
    id="",
    key="full",
    name="Everything",
    description="All of it",
    default_model="a",
    models=("a", "b"),
    system_prompt=TEMPLATE,
    tool_providers=("search",),
    defaults=Sampling(temperature=0.5, top_p=0.9, top_k=5, min_p=0.1, frequency_penalty=1, presence_penalty=-1,
                      repetition_penalty=1.1, max_tokens=9),
    timeout_s=7.5,
    store=False,
    nodes=("node-1",),
)  # fmt: skip


def change(body: str) -> Project:
    """What a body of JSON makes of the full project."""
    return changed(FULL, msgspec.json.decode(body, type=ProjectChangeBody))


def test_a_project_survives_the_wire() -> None:
    """What is shown can be sent to make the same project again."""
    wire = msgspec.json.decode(msgspec.json.encode(shown(FULL)))
    for field in ("id", "object", "origin", "created_at_ms", "updated_at_ms"):
        del wire[field]
    assert draft(msgspec.convert(wire, ProjectBody)) == FULL


def test_a_key_is_enough() -> None:
    """It is the name as well."""
    project = draft(msgspec.json.decode('{"key":"a"}', type=ProjectBody))
    assert project == Project("", "a", "a")
    wire = shown(project)
    assert (wire.system_prompt, wire.arguments, wire.store) == (None, (), None)
    assert msgspec.json.encode(wire.defaults) == b"{}"


@pytest.mark.parametrize(
    ("body", "field", "value"),
    [
        ('{"name":"New"}', "name", "New"),
        ('{"description":""}', "description", ""),
        ('{"default_model":null}', "default_model", None),
        ('{"models":[]}', "models", ()),
        ('{"tool_providers":["other"]}', "tool_providers", ("other",)),
        ('{"nodes":[]}', "nodes", ()),
        ('{"store":null}', "store", None),
        ('{"system_prompt":null}', "system_prompt", None),
        ('{"system_prompt":"{{x}}, {{y}}"}', "system_prompt", Template("{{x}}, {{y}}", TEMPLATE.arguments)),
        ('{"arguments":[{"name":"y","default":"Y"}]}', "system_prompt",
         Template("{{x}}{{y}}", (Argument("y", default="Y"),))),
        ('{"system_prompt":"{{z}}","arguments":[]}', "system_prompt", Template("{{z}}")),
    ],
)  # fmt: skip
def test_a_change_touches_what_it_names(body: str, field: str, value: object) -> None:
    """And nothing else; null takes away."""
    assert change(body) == msgspec.structs.replace(FULL, **{field: value})


def test_defaults_are_changed_as_a_whole() -> None:
    """What the new ones do not name is open again, the time limit with them."""
    assert change('{"defaults":{"max_tokens":1}}') == msgspec.structs.replace(
        FULL, defaults=Sampling(max_tokens=1), timeout_s=None
    )


def test_an_empty_change_is_none() -> None:
    """Also with the time that was seen."""
    assert change("{}") == change('{"updated_at_ms":3}') == FULL


def test_arguments_need_a_system_prompt() -> None:
    """In a new project and in a change."""
    with pytest.raises(BadRequest) as refused:
        draft(msgspec.json.decode('{"key":"a","arguments":[{"name":"x"}]}', type=ProjectBody))
    with pytest.raises(BadRequest) as refused_change:
        change('{"system_prompt":null,"arguments":[{"name":"x"}]}')
    assert refused.value.param == refused_change.value.param == "arguments"
    plain = Project("", "a", "a")
    assert changed(plain, ProjectChangeBody(arguments=())) == plain
