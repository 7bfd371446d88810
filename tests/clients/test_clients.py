"""Every scenario of every client is a test. What it demands is written in `scripts/`, in the client's own words."""

from __future__ import annotations

import pytest

from .client import Client
from .clients import CLIENTS
from .reports import Reports

# The first test of a client waits for its environment and for all its scenarios.
pytestmark = [pytest.mark.asyncio(loop_scope="package"), pytest.mark.timeout(900)]

CASES = [
    pytest.param(
        client, scenario, id=f"{client.name}-{scenario}", marks=[pytest.mark.clients] if client.further else []
    )
    for client in CLIENTS
    for scenario in client.scenarios()
]


@pytest.mark.parametrize(("client", "scenario"), CASES)
async def test_client(reports: Reports, client: Client, scenario: str) -> None:
    """The vendors' own software works unchanged."""
    outcome = await reports.of(client, scenario)
    assert outcome.error is None, outcome.error
