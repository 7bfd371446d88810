"""LangChain's client for OpenAI: `python -m clients.scripts.langchain_openai`, in its environment."""

from __future__ import annotations

from . import langchain_scenarios
from .scenario import run

if __name__ == "__main__":
    run(langchain_scenarios)
