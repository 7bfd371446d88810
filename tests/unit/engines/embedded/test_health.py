"""Health of a child: ready, loading, or no answer; told apart on a real socket."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from antiphon.engines.embedded.health import healthy


@asynccontextmanager
async def server(path: Path, answer: bytes | None) -> AsyncIterator[None]:
    """Listens at `path` and answers each request so; None answers nothing."""
    hold = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        if answer is None:
            await hold.wait()
        else:
            writer.write(answer)
        writer.close()
        await writer.wait_closed()

    listening = await asyncio.start_unix_server(serve, path)
    try:
        yield
    finally:
        hold.set()
        listening.close()
        await listening.wait_closed()


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        (b"HTTP/1.1 200 OK\r\n\r\n{}", True),
        (b"HTTP/1.1 503 Service Unavailable\r\n\r\n{}", False),
        (b"nonsense", None),
        (b"", None),
    ],
)
async def test_answers(tmp_path: Path, answer: bytes, found: bool | None) -> None:
    """200 is ready, another status is loading, anything else is no answer."""
    async with server(tmp_path / "s.sock", answer):
        assert await healthy(str(tmp_path / "s.sock"), timeout_s=5) is found


async def test_silence(tmp_path: Path) -> None:
    """A child that takes the connection and says nothing is noticed after the time-out."""
    async with server(tmp_path / "s.sock", None):
        assert await healthy(str(tmp_path / "s.sock"), timeout_s=0.05) is None


async def test_nobody_there(tmp_path: Path) -> None:
    """Neither a missing socket nor a file in its place is an answer."""
    assert await healthy(str(tmp_path / "s.sock"), timeout_s=1) is None
    (tmp_path / "file").touch()
    assert await healthy(str(tmp_path / "file"), timeout_s=1) is None
