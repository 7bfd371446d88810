"""Tools told in plain turns, for a model whose chat template knows nothing of them."""

from __future__ import annotations

from collections.abc import Sequence

from antiphon.chat import Message, Tool, ToolChoice


def with_tools(messages: Sequence[Message], tools: Sequence[Tool], choice: ToolChoice) -> tuple[Message, ...]:
    """The same conversation with the tools described in the system turn, calls and results as text."""
    raise NotImplementedError
