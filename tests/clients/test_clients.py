"""Every scenario of every client is a test. What it demands is written in `scripts/`, in the client's own words."""

from __future__ import annotations

import pytest

from .client import LANGCHAIN_OPENAI, LLM, OPENAI_NODE, OPENAI_PYTHON, Client
from .reports import Reports

# The first test of a client waits for its environment and for all its scenarios.
pytestmark = [pytest.mark.asyncio(loop_scope="package"), pytest.mark.timeout(900)]


@pytest.mark.parametrize("scenario", OPENAI_PYTHON.scenarios())
async def test_openai_python(reports: Reports, scenario: str) -> None:
    """The official Python SDK works unchanged."""
    await check(reports, OPENAI_PYTHON, scenario)


@pytest.mark.parametrize("scenario", OPENAI_NODE.scenarios())
async def test_openai_node(reports: Reports, scenario: str) -> None:
    """The official Node SDK works unchanged."""
    await check(reports, OPENAI_NODE, scenario)


@pytest.mark.parametrize("scenario", LANGCHAIN_OPENAI.scenarios())
async def test_langchain_openai(reports: Reports, scenario: str) -> None:
    """LangChain's client works unchanged."""
    await check(reports, LANGCHAIN_OPENAI, scenario)


@pytest.mark.parametrize("scenario", LLM.scenarios())
async def test_llm(reports: Reports, scenario: str) -> None:
    """The command line `llm` works unchanged."""
    await check(reports, LLM, scenario)


async def check(reports: Reports, client: Client, scenario: str) -> None:
    """The scenario held."""
    outcome = await reports.of(client, scenario)
    assert outcome.error is None, outcome.error
