"""What a request may say about tools, checked before anything is built from it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from antiphon.chat import NamedTool, Tool, ToolChoice
from antiphon.errors import BadRequest

TOOLS_MAX = 128
_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")


def check_tools(tools: Sequence[Tool], choice: ToolChoice) -> None:
    """Return if names, parameters and choice are sound; BadRequest has `tools[i].function…` or `tool_choice`."""
    if len(tools) > TOOLS_MAX:
        raise BadRequest(f"tools must hold at most {TOOLS_MAX} functions.", param="tools")
    names: set[str] = set()
    for index, tool in enumerate(tools):
        _check_tool(tool, names, param=f"tools[{index}].function")
        names.add(tool.name)
    _check_choice(choice, names)


def _check_tool(tool: Tool, names: set[str], *, param: str) -> None:
    """One function: a name of its own, and a schema of an object."""
    if not _NAME.fullmatch(tool.name):
        raise BadRequest(f"{param}.name must be 1 to 64 letters, digits, `_` or `-`.", param=f"{param}.name")
    if tool.name in names:
        raise BadRequest(f"{param}.name is used by another tool.", param=f"{param}.name")
    param = f"{param}.parameters"
    if not isinstance(tool.parameters, dict):
        raise BadRequest(f"{param} must be the JSON schema of an object.", param=param)
    if tool.parameters.get("type", "object") != "object":
        raise BadRequest(f'{param}.type must be "object".', param=f"{param}.type")


def _check_choice(choice: ToolChoice, names: set[str]) -> None:
    if isinstance(choice, NamedTool):
        if choice.name not in names:
            param = "tool_choice.function.name"
            raise BadRequest(f"{param} must be the name of one of the tools.", param=param)
    elif choice == "required" and not names:
        raise BadRequest("tool_choice `required` needs at least one tool in tools.", param="tool_choice")
