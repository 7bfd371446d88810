"""What a request may say about tools, checked before anything is built from it."""

from __future__ import annotations

from collections.abc import Sequence

from antiphon.chat import Tool, ToolChoice


def check_tools(tools: Sequence[Tool], choice: ToolChoice) -> None:
    """Return if names, parameters and choice are sound; BadRequest has `tools[i].function…` or `tool_choice`."""
    raise NotImplementedError
