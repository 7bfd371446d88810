"""One provider, asked through its sessions: kept, lost, opened again."""

from __future__ import annotations

import asyncio

import pytest

from antiphon.errors import ConfigError
from antiphon.providers.client import ProviderClient, load_connect, require_installed
from antiphon.providers.failures import NotInstalled, ProviderFailed
from antiphon.providers.model import Provider
from antiphon.providers.results import tool_result
from tests.unit.providers.tool_process import LIMITS, ToolProcess

KINDS: tuple[list[str], ...] = ([], ["--legacy"], ["--legacy", "--json"])


def client_of(provider: Provider) -> ProviderClient:
    """A client of it."""
    return ProviderClient(provider, LIMITS, on_change=lambda: None)


async def sum_of(client: ProviderClient) -> str:
    """What a sound call brings."""
    return tool_result(await client.call("add", {"a": 1, "b": 2}, timeout_s=20), characters_max=99).text


async def test_calls_share_a_session(legacy_server: ToolProcess) -> None:
    """Many at once, one of them slow."""
    client = client_of(legacy_server.provider())
    slow = asyncio.ensure_future(client.call("never", {}, timeout_s=20))
    assert await asyncio.gather(*(sum_of(client) for _ in range(20))) == ["3"] * 20
    assert len(client._sessions) == 1
    slow.cancel()
    await client.close()
    assert client._sessions == set()


async def test_a_slow_call_ends_in_time(server: ToolProcess) -> None:
    """And leaves the session as it was."""
    client = client_of(server.provider())
    assert await sum_of(client) == "3"
    with pytest.raises(ProviderFailed, match="no answer in time"):
        await client.call("never", {}, timeout_s=0.05)
    session = client._current
    assert await sum_of(client) == "3"
    assert client._current is session
    await client.close()


@pytest.mark.parametrize("flags", KINDS, ids=lambda flags: "".join(flags) or "today")
async def test_a_server_that_crashes_and_comes_back(flags: list[str]) -> None:
    """What runs fails at once, what comes meanwhile too, and what comes after works without a word."""
    with ToolProcess(*flags) as process:
        client = client_of(process.provider())
        running = asyncio.ensure_future(client.call("never", {}, timeout_s=20))
        assert await sum_of(client) == "3"
        process.kill()
        with pytest.raises(ProviderFailed):
            await running
        with pytest.raises(ProviderFailed, match="no connection"):
            await sum_of(client)
        process.start()
        assert await sum_of(client) == "3"
        assert [tool.name for tool in await client.list_tools()][:2] == ["weather", "add"]
        await client.close()


async def test_a_lost_session_is_opened_once_for_all(legacy_server: ToolProcess) -> None:
    """Whoever notices first; a second does not throw away what the first has opened."""
    client = client_of(legacy_server.provider())
    assert await sum_of(client) == "3"
    old = client._current
    assert old is not None
    client._retire(old)
    assert await sum_of(client) == "3"
    new = client._current
    client._retire(old)
    assert client._current is new
    await client.close()


async def test_what_is_closed_stays_closed(server: ToolProcess) -> None:
    """Nothing is asked of it any more."""
    client = client_of(server.provider())
    await client.close()
    with pytest.raises(ProviderFailed, match="taken away"):
        await sum_of(client)


async def test_closing_does_not_wait_for_a_dead_server() -> None:
    """Nor does it leave anything behind."""
    with ToolProcess("--legacy") as process:
        client = client_of(process.provider())
        assert await sum_of(client) == "3"
    await client.close()
    assert client._sessions == set()


async def test_without_the_package() -> None:
    """The remedy is named, at the start and in a request."""
    with pytest.raises(ConfigError, match=r"pip install 'antiphon\[mcp\]'"):
        require_installed("no_such_package")
    with pytest.raises(NotInstalled, match=r"pip install 'antiphon\[mcp\]'"):
        await load_connect("no_such_package")
    require_installed()
