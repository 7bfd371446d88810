"""What a variant makes of a request and of its project."""

from __future__ import annotations

from msgspec.structs import replace

from antiphon.campaigns.apply import applied, deployed
from antiphon.chat import ChatRequest, Message, Sampling, ToolOverride
from antiphon.projects.model import Project, broken
from antiphon.projects.template import Argument, Template
from tests.unit.campaigns.drafts import variant

TONED = Template("Be {{tone}}.", (Argument("tone", required=False, description="How"),))
PROJECT = Project("p-id", "p", "P", default_model="m", system_prompt=TONED, tool_providers=("search",))
ASKED = ChatRequest("p", (Message("user", "hi"),))


def test_a_variant_without_fields_changes_nothing() -> None:
    """Not even the objects."""
    request, project = applied(variant("a"), ASKED, PROJECT)
    assert request is ASKED
    assert project is PROJECT


def test_its_sampling_goes_before_the_request_s() -> None:
    """Value by value; what only a request can say stays, and `max_tokens` is the smaller one."""
    asked = replace(ASKED, sampling=Sampling(max_tokens=10, temperature=0.1, top_k=5, seed=7, stop=("x",)))
    request, _ = applied(variant("a", sampling=Sampling(max_tokens=20, temperature=0.9)), asked, PROJECT)
    assert request.sampling == Sampling(max_tokens=10, temperature=0.9, top_k=5, seed=7, stop=("x",))
    request, _ = applied(variant("a", sampling=Sampling(max_tokens=20)), ASKED, PROJECT)
    assert request.sampling.max_tokens == 20


def test_its_prompt_takes_the_project_s_arguments() -> None:
    """Its own values go before the request's."""
    one = variant("a", system_prompt="You are {{tone}}, {{name}}.", system_prompt_args={"tone": "kind"})
    asked = replace(ASKED, system_prompt_args={"tone": "rude", "name": "Zoë"})
    request, project = applied(one, asked, PROJECT)
    assert project.system_prompt == Template("You are {{tone}}, {{name}}.", TONED.arguments)
    assert request.system_prompt_args == {"tone": "kind", "name": "Zoë"}


def test_arguments_without_a_template_are_left_out() -> None:
    """The project had one when the campaign was made: its callers are not to suffer for that."""
    request, _ = applied(variant("a", system_prompt_args={"tone": "kind"}), ASKED, replace(PROJECT, system_prompt=None))
    assert request.system_prompt_args is None


def test_its_tools() -> None:
    """Other providers, or none, and switches that go before the request's."""
    one = variant("a", tool_providers=(), use_tools=False, tool_overrides=(ToolOverride("search", enabled=False),))
    asked = replace(ASKED, tool_overrides=(ToolOverride("search", enabled=True),))
    request, project = applied(one, asked, PROJECT)
    assert project.tool_providers == ()
    assert request.use_tools is False
    assert request.tool_overrides[-1] == ToolOverride("search", enabled=False)


def test_the_winner_s_project() -> None:
    """It gives everybody what the variant gave, and breaks no rule."""
    winner = variant(
        "a",
        model="big",
        sampling=Sampling(temperature=0.9),
        system_prompt="Be {{tone}}, {{name}}.",
        system_prompt_args={"tone": "kind", "name": 3},
        tool_providers=("files",),
    )
    project = deployed(winner, replace(PROJECT, models=("m",), defaults=Sampling(temperature=0.1, top_k=5)))
    assert (project.default_model, project.models) == ("big", ("m", "big"))
    assert project.defaults == Sampling(temperature=0.9, top_k=5)
    assert project.tool_providers == ("files",)
    assert project.system_prompt == Template(
        "Be {{tone}}, {{name}}.",
        (Argument("tone", required=False, default="kind", description="How"), Argument("name", default="3")),
    )
    assert list(broken(project)) == []
    assert deployed(variant("b"), PROJECT) == PROJECT
