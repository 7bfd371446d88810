"""A real MCP server, run as a process: `python tool_server.py [--port N] [--legacy] [--json] [--name NAME]`.

It prints its port when it listens. `--legacy` refuses what is newer than sessions with a handshake.
"""

from __future__ import annotations

import argparse
import asyncio
import socket
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Annotated, Any

import uvicorn
from mcp.server.mcpserver import Context, MCPServer
from mcp_types import ImageContent, TextContent
from pydantic import Field
from starlette.applications import Starlette

Message = MutableMapping[str, Any]  # Any: ASGI's own shapes
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


def server_of(name: str) -> MCPServer:
    """A server with a tool for each way in which a call may go."""
    server = MCPServer(name, log_level="CRITICAL")

    @server.tool()
    def weather(city: str) -> str:
        """The weather in a city now."""
        return f"It is 18 degrees in {city}, says {name}."

    @server.tool()
    def add(a: int, b: int) -> int:
        """The sum of two numbers."""
        return a + b

    @server.tool()
    async def never() -> str:
        """Never answers."""
        await asyncio.Event().wait()
        return ""

    @server.tool()
    def huge(characters: int) -> str:
        """As many characters as asked for."""
        return "x" * characters

    @server.tool()
    def fails() -> str:
        """Goes wrong."""
        raise ValueError("no luck")

    @server.tool()
    def picture() -> list[TextContent | ImageContent]:
        """Text and a picture."""
        return [TextContent(text="Look:"), ImageContent(data="AAAA", mime_type="image/png")]

    @server.tool(name="odd.name")
    def odd_name() -> str:
        """Has a name that no model may be shown."""
        return "odd"

    @server.tool()
    def unkept(text: Annotated[str, Field(json_schema_extra={"pattern": "(?<=a)b"})]) -> str:
        """Has a schema that no grammar keeps."""
        return text

    @server.tool()
    async def grow(context: Context[Any, Any]) -> str:
        """Adds a tool and says so."""
        server.add_tool(odd_name, name="grown")
        await context.notify_tools_changed()
        await context.session.send_tool_list_changed()
        return "grown"

    return server


class Legacy:
    """The application without what came after the handshake."""

    def __init__(self, app: Starlette) -> None:
        self._app = app

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Refuse requests of the newer protocol as a server does that has never heard of it."""
        if any(name == b"mcp-method" for name, _ in scope.get("headers", ())):
            await send({"type": "http.response.start", "status": 400, "headers": []})
            await send({"type": "http.response.body", "body": b"Bad Request"})
            return
        await self._app(scope, receive, send)


def main() -> None:
    """Serve until killed."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--name", default="one")
    parser.add_argument("--legacy", action="store_true")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    app = server_of(asked.name).streamable_http_app(json_response=asked.json)
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", asked.port))
    listener.listen()
    print(listener.getsockname()[1], flush=True)
    config = uvicorn.Config(Legacy(app) if asked.legacy else app, log_level="critical")
    uvicorn.Server(config).run(sockets=[listener])


if __name__ == "__main__":
    main()
