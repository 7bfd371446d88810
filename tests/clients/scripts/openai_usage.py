"""Usage in streams, where it has to be asked for, with the official Python SDK."""

from __future__ import annotations

from .openai_connect import connect, say
from .scenario import Lab

USAGE = {"include_usage": True}


def no_usage_comes_unless_it_is_asked_for(lab: Lab) -> None:
    """In no chunk."""
    stream = connect(lab).chat.completions.create(model=lab.model, messages=say("Hi."), max_tokens=5, stream=True)
    assert all(chunk.usage is None for chunk in stream)


def usage_comes_last_when_asked_for(lab: Lab) -> None:
    """In a chunk of its own, without a choice."""
    stream = connect(lab).chat.completions.create(
        model=lab.model, messages=say("Say hi."), max_tokens=5, stream=True, stream_options=USAGE
    )
    *others, last = stream
    assert last.choices == [], last
    assert 0 < last.usage.completion_tokens <= 5, last
    assert all(chunk.choices and chunk.usage is None for chunk in others)
