"""The grammar of an answer that may, or must, call tools."""

from __future__ import annotations

from collections.abc import Sequence

from antiphon.chat import ResponseFormat, Tool, ToolChoice


def tool_grammar(
    tools: Sequence[Tool], *, choice: ToolChoice, parallel: bool, response_format: ResponseFormat
) -> str | None:
    """GBNF of the answer, or None where any text will do (choice `none` with no response format)."""
    raise NotImplementedError
