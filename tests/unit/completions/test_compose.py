"""What is put in front of the caller's turns."""

from __future__ import annotations

from antiphon.chat import Message
from antiphon.completions.compose import with_system_prompt

SYSTEM = Message("system", "be kind")
NOW = Message("user", "And now?")


def test_a_system_prompt_comes_first() -> None:
    """By itself, or joined with the caller's own, since many templates take one system message only."""
    assert with_system_prompt((NOW,), "Be brief.") == (Message("system", "Be brief."), NOW)
    assert with_system_prompt((SYSTEM, NOW), "Be brief.") == (Message("system", "Be brief.\n\nbe kind"), NOW)
