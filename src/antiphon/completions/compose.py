"""What stands in front of the caller's own turns: the project's system prompt, the earlier turns of a session. Pure."""

from __future__ import annotations

import msgspec

from antiphon.chat import ChatRequest, Message
from antiphon.projects.model import Project
from antiphon.projects.template import system_prompt


def composed(request: ChatRequest, project: Project | None) -> ChatRequest:
    """The request with what its project puts in front of it."""
    template = None if project is None else project.system_prompt
    if template is None and request.system_prompt_args is None:
        return request
    prompt = system_prompt(template, request.system_prompt_args)
    if not prompt:
        return request
    return msgspec.structs.replace(request, messages=with_system_prompt(request.messages, prompt))


def with_system_prompt(messages: tuple[Message, ...], prompt: str) -> tuple[Message, ...]:
    """The prompt as the first system message; the caller's own follows in the same, since templates take only one."""
    first = messages[0]
    if first.role != "system":
        return (Message("system", prompt), *messages)
    joined = msgspec.structs.replace(first, content=f"{prompt}\n\n{first.text}")
    return (joined, *messages[1:])


def with_memory(messages: tuple[Message, ...], earlier: tuple[Message, ...]) -> tuple[Message, ...]:
    """Earlier turns between the system messages and the new turns; a caller that sends them along gets them once."""
    begin = next((i for i, message in enumerate(messages) if message.role != "system"), len(messages))
    asked = messages[begin:]
    known = tuple(turn for turn in earlier if turn.role != "system")
    if not known or _same(asked[: len(known)], known):
        return messages
    return (*messages[:begin], *known, *asked)


def _same(some: tuple[Message, ...], others: tuple[Message, ...]) -> bool:
    return len(some) == len(others) and all(
        one.role == other.role and one.text == other.text for one, other in zip(some, others, strict=True)
    )
