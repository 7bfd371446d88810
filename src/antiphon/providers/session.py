"""A session with a provider by the `mcp` package: the one module that imports it, itself imported when first needed."""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import AsyncGenerator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import httpx2
import mcp_types as types
from mcp.client import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.exceptions import MCPError
from mcp_types.version import MODERN_PROTOCOL_VERSIONS
from pydantic import RootModel, ValidationError

from antiphon import __version__
from antiphon.providers.failures import ProviderFailed, SessionBroken, SessionLost
from antiphon.providers.model import ListedTool, Provider, ProviderLimits
from antiphon.providers.results import cleaned
from antiphon.providers.transport import SESSION_LOST, ProviderTransport, Resolve, system_addresses

REASON_CHARACTERS_MAX = 300
WRAPPED = ("Failed to parse JSON response: ", "SSE stream failed: ")  # what the client puts before our own words
# They log what strangers send; what matters of it is in our own errors.
LOUD = ("client", "mcp", "httpx2")


class _Result(RootModel[dict[str, Any]]):
    """Any: the provider's JSON, which `results.py` reads."""


@asynccontextmanager
async def connect(
    provider: Provider,
    limits: ProviderLimits,
    on_change: Callable[[], None],
    *,
    resolve: Resolve = system_addresses,
) -> AsyncGenerator[Session]:
    """Open a session; `on_change` is called when the provider says that its tools have changed.

    Raises ProviderFailed. Leave it in the task that entered it.
    """
    quieten()
    tls = await asyncio.to_thread(ssl.create_default_context) if provider.url.startswith("https:") else None
    http = httpx2.AsyncClient(
        transport=ProviderTransport(limits, call_s=provider.timeout_s, resolve=resolve, tls=tls),
        headers={
            "user-agent": f"antiphon/{__version__}",
            **provider.headers.reveal(),
            "accept-encoding": "identity",
        },
        trust_env=False,
    )

    async def heard(message: object) -> None:
        if isinstance(message, types.ToolListChangedNotification):
            on_change()

    channel = streamable_http_client(provider.url, http_client=http, max_sse_event_size=limits.answer_bytes_max)
    client = Client(
        channel,
        client_info=types.Implementation(name="antiphon", version=__version__),
        message_handler=heard,
        cache=None,
    )
    async with http, AsyncExitStack() as stack:
        try:
            await stack.enter_async_context(client)
        except (MCPError, ExceptionGroup) as error:
            raise failure(error) from error
        session = Session(client, limits, on_change)
        try:
            yield session
        finally:
            session.stop()


class Session:
    """An open session. Its methods raise ProviderFailed; how long they take is the caller's business."""

    def __init__(self, client: Client, limits: ProviderLimits, on_change: Callable[[], None]) -> None:
        self._client = client
        self._limits = limits
        self._on_change = on_change
        self._watching: asyncio.Task[None] | None = None

    async def list_tools(self) -> list[ListedTool]:
        """All tools, page by page, up to the most that a provider may have; one more shows that there are more."""
        self._watch()
        found: list[ListedTool] = []
        cursor: str | None = None
        for _ in range(self._limits.pages_max):
            try:
                page = await self._client.list_tools(cursor=cursor)
            except (MCPError, ValidationError) as error:
                raise failure(error) from error
            found += [ListedTool(tool.name, tool.description or "", tool.input_schema) for tool in page.tools]
            cursor = page.next_cursor
            if not cursor or len(found) > self._limits.tools_max:
                break
        return found[: self._limits.tools_max + 1]

    async def call(self, name: str, arguments: dict[str, Any]) -> dict[str, Any]:
        """The result of a call, as the provider sent it."""
        try:
            return await self._call(name, arguments)
        except MCPError as error:
            if error.code != types.HEADER_MISMATCH:
                raise failure(error) from error
        # The provider wants arguments repeated in headers, which the session knows only after it listed the tool.
        await self.list_tools()
        try:
            return await self._call(name, arguments)
        except MCPError as error:
            raise failure(error) from error

    async def _call(self, name: str, arguments: dict[str, Any]) -> dict[str, Any]:
        """Not `Client.call_tool`: that holds results against the provider's own schema, on our event loop."""
        request = types.CallToolRequest(params=types.CallToolRequestParams(name=name, arguments=arguments))
        try:
            return (await self._client.session.send_request(request, _Result)).root
        except ValidationError as error:
            raise failure(error) from error

    def _watch(self) -> None:
        """Listen for changes where the protocol wants that asked for; older sessions are told unasked."""
        tools = self._client.server_capabilities.tools
        if self._client.protocol_version not in MODERN_PROTOCOL_VERSIONS or tools is None or not tools.list_changed:
            return
        if self._watching is None or self._watching.done():
            self._watching = asyncio.get_running_loop().create_task(self._listen())
            self._watching.add_done_callback(_looked_at)

    async def _listen(self) -> None:
        """Tell of every change; once the stream has ended nobody can tell, so the list may be stale."""
        async with self._client.listen(tools_list_changed=True) as changes:
            try:
                async for _ in changes:
                    self._on_change()
            finally:
                self._on_change()

    def stop(self) -> None:
        """End what runs beside the calls."""
        if self._watching is not None:
            self._watching.cancel()


def failure(error: Exception) -> ProviderFailed:
    """What a failure in the client's words means to us; the provider's own words are cut and cleaned."""
    if isinstance(error, ExceptionGroup):
        return failure(error.exceptions[0])
    if isinstance(error, ProviderFailed):
        return error
    if not isinstance(error, MCPError):
        return ProviderFailed("the answer is not what MCP asks for")
    text = error.message
    for wrapping in WRAPPED:
        text = text.removeprefix(wrapping)
    message = " ".join(cleaned(text, characters_max=REASON_CHARACTERS_MAX).split()) or "no reason given"
    if error.code == SESSION_LOST:
        return SessionLost(message)
    if error.code == types.CONNECTION_CLOSED:
        return SessionBroken(message)
    return ProviderFailed(message)


def quieten() -> None:
    """Keep the client's log lines, which repeat what strangers send, off our standard error."""
    for name in LOUD:
        logger = logging.getLogger(name)
        logger.propagate = False
        if not logger.handlers:
            logger.addHandler(logging.NullHandler())


def _looked_at(task: asyncio.Task[None]) -> None:
    """A stream of changes may end any way it likes."""
    if not task.cancelled():
        task.exception()
