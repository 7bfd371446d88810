"""One tool server of each kind for all tests of providers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.unit.providers.tool_process import ToolProcess


@pytest.fixture(scope="session")
def server() -> Iterator[ToolProcess]:
    """A server of today's protocol."""
    with ToolProcess() as process:
        yield process


@pytest.fixture(scope="session")
def legacy_server() -> Iterator[ToolProcess]:
    """A server of sessions with a handshake."""
    with ToolProcess("--legacy") as process:
        yield process
