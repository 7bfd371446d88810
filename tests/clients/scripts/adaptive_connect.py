"""How the scenarios of Adaptive Engine's own client reach the gateway."""

# The client is in its own environment only, so nothing is known of its types where types are checked.
# mypy: disable-error-code="import-not-found"

from __future__ import annotations

from typing import Any

from adaptive_sdk import Adaptive, AsyncAdaptive

from .scenario import Lab

FEW_TOKENS = 12
Client = Any  # Any: Adaptive, and below the client's own answers


def connect(lab: Lab, **options: Any) -> Client:  # Any: the client's options
    """A client of the lab's project."""
    return _settled(lab, Adaptive(**({"base_url": lab.origin, "api_key": lab.key} | options)))


def connect_async(lab: Lab) -> Client:
    """The asynchronous one."""
    return _settled(lab, AsyncAdaptive(base_url=lab.origin, api_key=lab.key))


def say(text: str) -> list[dict[str, str]]:
    """A conversation of one user's message."""
    return [{"role": "user", "content": text}]


def spoken(chunks: list[Any]) -> str:  # Any: the client's chunks
    """The text of a stream."""
    return "".join(choice.delta.content for chunk in chunks for choice in chunk.choices)


def _settled(lab: Lab, client: Client) -> Client:
    client.set_default_project(lab.project)
    return client
