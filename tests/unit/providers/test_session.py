"""Sessions with real servers, of today's protocol and of the one before."""

from __future__ import annotations

import asyncio
import logging

import pytest
from mcp.client import Client
from mcp.server import Server, ServerRequestContext
from mcp.shared.exceptions import MCPError
from mcp_types import CallToolRequestParams, CallToolResult, ListToolsResult, PaginatedRequestParams, Tool

from antiphon.providers.failures import ProviderFailed, SessionBroken, SessionLost
from antiphon.providers.model import Provider
from antiphon.providers.results import tool_result
from antiphon.providers.secret import SecretHeaders
from antiphon.providers.session import Session, connect, failure
from antiphon.providers.transport import SESSION_LOST
from tests.unit.providers.tool_process import LIMITS, ToolProcess

KINDS = ("server", "legacy_server")


def nothing() -> None:
    """Take a change and do nothing."""


async def text_of(session: Session, name: str, **arguments: object) -> str:
    """What a tool answers, as the model sees it."""
    return tool_result(await session.call(name, arguments), characters_max=2000).text


@pytest.fixture(params=KINDS)
def process(request: pytest.FixtureRequest) -> ToolProcess:
    """Each kind of server."""
    found: ToolProcess = request.getfixturevalue(request.param)
    return found


async def test_tools_are_listed_and_called(process: ToolProcess) -> None:
    """With names, descriptions and schemas as the server has them."""
    async with connect(process.provider(), LIMITS, nothing) as session:
        tools = {tool.name: tool for tool in await session.list_tools()}
        assert tools["weather"].description == "The weather in a city now."
        assert tools["weather"].parameters["required"] == ["city"]
        assert await text_of(session, "weather", city="Rome") == "It is 18 degrees in Rome, says one."
        assert await text_of(session, "add", a=1, b=2) == "3"
        assert await text_of(session, "picture") == "Look:\n[image: image/png, 3 bytes]"


@pytest.mark.parametrize(
    ("name", "expected"), [("fails", "Error: Error executing tool fails"), ("nope", "Error: Unknown tool: nope")]
)
async def test_errors_are_results(process: ToolProcess, name: str, expected: str) -> None:
    """As MCP has it, for the model to read."""
    async with connect(process.provider(), LIMITS, nothing) as session:
        assert await text_of(session, name) == expected


async def test_a_huge_result_is_not_read_to_its_end(process: ToolProcess) -> None:
    """It fails alone: another call in the same session goes on, and one after it works."""
    async with connect(process.provider(), LIMITS, nothing) as session:
        waiting = asyncio.ensure_future(session.call("never", {}))
        with pytest.raises(ProviderFailed, match="^the answer has more than 65536 bytes$"):
            await session.call("huge", {"characters": 1_000_000})
        assert await text_of(session, "add", a=1, b=2) == "3"
        assert not waiting.done()
        waiting.cancel()


async def test_changes_are_told(process: ToolProcess) -> None:
    """Where the protocol wants it by a stream of their own, which begins with the first list."""
    changed = asyncio.Event()
    async with connect(process.provider(), LIMITS, changed.set) as session:
        await session.list_tools()
        async with asyncio.timeout(20):
            while not changed.is_set():  # the stream may open a little later than the list comes
                await session.call("grow", {})
        assert "grown" in [tool.name for tool in await session.list_tools()]


async def test_headers_are_sent() -> None:
    """With each request; they are what opens doors."""
    heard: list[str] = []

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append((await reader.readuntil(b"\r\n\r\n")).decode().lower())
        writer.write(b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/mcp"
    provider = Provider("i", "k", "n", url, SecretHeaders({"authorization": "Bearer t0ken"}))
    async with server:
        with pytest.raises(ProviderFailed, match="status 401"):
            async with connect(provider, LIMITS, nothing):
                pass
    assert len(heard) == 2
    for head in heard:
        assert "authorization: bearer t0ken\r\n" in head
        assert "accept-encoding: identity\r\n" in head


async def test_nobody_there() -> None:
    """One failure, not a group of them."""
    provider = Provider("i", "k", "n", "http://127.0.0.1:1/mcp")
    with pytest.raises(ProviderFailed, match="no connection"):
        async with connect(provider, LIMITS, nothing):
            pass


async def test_pages_are_turned_up_to_a_bound() -> None:
    """A server whose pages never end is not followed for ever."""
    asked: list[str | None] = []

    async def pages(_: ServerRequestContext, params: PaginatedRequestParams | None) -> ListToolsResult:
        cursor = params.cursor if params else None
        asked.append(cursor)
        name = f"t{cursor or 0}"
        return ListToolsResult(
            tools=[Tool(name=name, input_schema={"type": "object"})], next_cursor=str(int(cursor or 0) + 1)
        )

    limits = LIMITS.__class__(pages_max=4, tools_max=9)
    async with Client(Server("pages", on_list_tools=pages), cache=None) as client:
        found = await Session(client, limits, nothing).list_tools()
        assert [tool.name for tool in found] == ["t0", "t1", "t2", "t3"]
        fewer = limits.__class__(pages_max=9, tools_max=2)
        assert len(await Session(client, fewer, nothing).list_tools()) == 3
    assert asked == [None, "1", "2", "3", None, "1", "2"]


async def test_results_are_not_held_against_the_servers_own_schema() -> None:
    """The client would do that on the event loop, with whatever pattern a stranger has thought of."""
    schema = {"type": "object", "properties": {"a": {"type": "string", "pattern": "^(x+x+)+y$"}}, "required": ["a"]}
    tool = Tool(name="t", input_schema={"type": "object"}, output_schema=schema)

    async def listed(_: ServerRequestContext, __: PaginatedRequestParams | None) -> ListToolsResult:
        return ListToolsResult(tools=[tool])

    async def called(_: ServerRequestContext, __: CallToolRequestParams) -> CallToolResult:
        return CallToolResult(content=[], structured_content={"a": "x" * 40})

    server = Server("patterns", on_list_tools=listed, on_call_tool=called)
    async with Client(server, cache=None) as client, asyncio.timeout(5):
        session = Session(client, LIMITS, nothing)
        await session.list_tools()
        assert (await session.call("t", {}))["structuredContent"] == {"a": "x" * 40}


@pytest.mark.parametrize(
    ("error", "kind", "message"),
    [
        (MCPError(SESSION_LOST, "gone"), SessionLost, "gone"),
        (MCPError(-32000, "Connection closed"), SessionBroken, "Connection closed"),
        (MCPError(-32602, "bad\x1b[31m\nthing"), ProviderFailed, "bad\ufffd[31m thing"),
        (MCPError(-32602, ""), ProviderFailed, "no reason given"),
        (ExceptionGroup("g", [ExceptionGroup("h", [MCPError(-32602, "deep")])]), ProviderFailed, "deep"),
        (ValueError("what"), ProviderFailed, "the answer is not what MCP asks for"),
    ],
)
def test_what_failures_mean(error: Exception, kind: type[ProviderFailed], message: str) -> None:
    """A stranger's words come on one line, cut and cleaned."""
    found = failure(error)
    assert (type(found), str(found)) == (kind, message)
    assert len(str(failure(MCPError(1, "x" * 9999)))) < 400


async def test_what_strangers_send_is_not_logged(server: ToolProcess, capsys: pytest.CaptureFixture[str]) -> None:
    """The client below would write tracebacks and texts to standard error."""
    async with connect(server.provider(), LIMITS, nothing) as session:
        with pytest.raises(ProviderFailed):
            await session.call("huge", {"characters": 1_000_000})
    assert capsys.readouterr().err == ""
    assert not logging.getLogger("mcp").propagate
