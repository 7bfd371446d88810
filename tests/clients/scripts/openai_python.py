"""The official Python SDK: `python -m clients.scripts.openai_python`, in its environment."""

from __future__ import annotations

from . import openai_chat, openai_errors, openai_retries, openai_stream, openai_structured, openai_tools, openai_vision
from .scenario import run

MODULES = (openai_chat, openai_errors, openai_retries, openai_stream, openai_structured, openai_tools, openai_vision)

if __name__ == "__main__":
    run(*MODULES)
