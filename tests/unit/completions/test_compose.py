"""What is put in front of the caller's turns."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from antiphon.chat import ChatRequest, Message
from antiphon.completions.compose import composed, with_memory, with_system_prompt
from antiphon.errors import BadRequest
from antiphon.projects.model import Project
from antiphon.projects.template import Argument, Template

SYSTEM = Message("system", "be kind")
EARLIER = (Message("user", "Hi"), Message("assistant", "Hello"))
NOW = Message("user", "And now?")


def test_a_system_prompt_comes_first() -> None:
    """By itself, or joined with the caller's own, since many templates take one system message only."""
    assert with_system_prompt((NOW,), "Be brief.") == (Message("system", "Be brief."), NOW)
    assert with_system_prompt((SYSTEM, NOW), "Be brief.") == (Message("system", "Be brief.\n\nbe kind"), NOW)


def test_a_project_s_prompt_is_composed_in() -> None:
    """As its template says it, with the arguments of the request; a request of no project stays as it is."""
    request = ChatRequest(model="m", messages=(NOW,))
    assert composed(request, None) is request
    assert composed(request, Project("p", "p", "P")) is request
    given = replace(request, system_prompt_args={"mood": "brief"})
    project = Project("p", "p", "P", system_prompt=Template("Be {{mood}}.", (Argument("mood"),)))
    assert composed(given, project).messages == (Message("system", "Be brief."), NOW)
    with pytest.raises(BadRequest, match="no system prompt template"):
        composed(given, None)


def test_earlier_turns_come_between() -> None:
    """After the system message, before what is new; system messages of earlier turns are not repeated."""
    assert with_memory((SYSTEM, NOW), (SYSTEM, *EARLIER)) == (SYSTEM, *EARLIER, NOW)
    assert with_memory((NOW,), EARLIER) == (*EARLIER, NOW)
    assert with_memory((NOW,), ()) == (NOW,)


def test_a_caller_that_remembers_by_itself_gets_nothing_twice() -> None:
    """The turns that it sends along are recognised by role and text."""
    sent = (SYSTEM, *EARLIER, NOW)
    assert with_memory(sent, EARLIER) is sent
