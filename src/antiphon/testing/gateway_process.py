"""A gateway in a process of its own, started as a user would and told apart from the test by nothing but HTTP."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import sys
from pathlib import Path
from typing import Any, Self

from antiphon.testing.raw_client import RawClient, RawResponse, request_bytes

READY_S = 30.0
STOP_S = 20.0
KIB = 1024
OVERLOAD = "[overload]"
CALM = f"{OVERLOAD}\nlag_s = 0\n"  # a busy machine is no reason to refuse, unless a test says so
MEMORY = re.compile(r"^(VmRSS|VmHWM):\s+(\d+) kB$", re.MULTILINE)


class GatewayProcess:
    """`antiphon serve` with these settings (TOML, without `data_dir` and the port) in this folder. Port 0 is any."""

    def __init__(self, settings: str, folder: Path, *, port: int = 0) -> None:
        self._settings = settings
        self._port = port
        self._folder = folder
        self._process: asyncio.subprocess.Process | None = None
        self._reading: asyncio.Task[bytes] | None = None
        self.url = ""

    async def __aenter__(self) -> Self:
        """Start it and wait until it can be asked."""
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop it."""
        await self.stop()

    @property
    def settings(self) -> str:
        """What it was given, for another one like it."""
        return self._settings

    @property
    def pid(self) -> int:
        """The process id."""
        return self._running().pid

    @property
    def alive(self) -> bool:
        """Whether the process runs."""
        return self._process is not None and self._process.returncode is None

    @property
    def log(self) -> str:
        """All that it wrote to its standard error."""
        return (self._folder / "gateway.log").read_text(encoding="utf-8", errors="replace")

    def memory_bytes(self) -> dict[str, int]:
        """Its memory now (VmRSS) and at most since `forget_peak` (VmHWM)."""
        status = Path(f"/proc/{self.pid}/status").read_text(encoding="ascii")
        return {name: int(size) * KIB for name, size in MEMORY.findall(status)}

    def forget_peak(self) -> None:
        """Let the peak of memory begin anew."""
        Path(f"/proc/{self.pid}/clear_refs").write_text("5", encoding="ascii")

    async def start(self) -> None:
        """Start it; RuntimeError with its log when it does not become ready."""
        file = self._folder / "antiphon.toml"
        prefix = f'data_dir = "{self._folder / "data"}"\ndevelopment_key = false\n'
        calm = "" if OVERLOAD in self._settings else CALM
        file.write_text(f"{prefix}{self._settings}\n{calm}", encoding="utf-8")
        with (self._folder / "gateway.log").open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "antiphon", "serve", "--json"),
                *("--config", str(file), "--port", str(self._port)),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=log,
                env=dict(os.environ),
                start_new_session=True,
            )
        try:
            async with asyncio.timeout(READY_S):
                await self._wait_until_ready()
        except TimeoutError:
            await self.stop()
            raise RuntimeError(f"the gateway did not become ready:\n{self.log}") from None

    async def stop(self) -> int:
        """End it with SIGTERM, with SIGKILL when that is not enough; its exit code."""
        process = self._running()
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(STOP_S):
                code = await process.wait()
        except TimeoutError:
            os.killpg(process.pid, signal.SIGKILL)
            code = await process.wait()
        if self._reading is not None:
            await self._reading
        return code

    async def kill(self) -> None:
        """End it with SIGKILL, as a crash would."""
        process = self._running()
        process.kill()
        await process.wait()
        if self._reading is not None:
            await self._reading

    async def ask(
        self, path: str, body: Any = None, *, key: str | None = None, timeout_s: float = 30.0
    ) -> RawResponse:  # Any: JSON
        """The answer to one request on a connection of its own: POST with a body, GET without."""
        headers = {"accept": "application/json"} | ({"authorization": f"Bearer {key}"} if key else {})
        method = "GET" if body is None else "POST"
        async with await RawClient.connect(self.url) as client:
            await client.send(request_bytes(path, body, method=method, headers=headers))
            return await client.response(timeout_s=timeout_s)

    async def _wait_until_ready(self) -> None:
        """Read what it announces, up to that it is ready; the rest is read aside, so that it never blocks."""
        output = self._running().stdout
        assert output is not None
        while line := await output.readline():
            announced = json.loads(line)
            if announced.get("event") == "ready":
                self.url = str(announced["base_url"]).removesuffix("/v1")
                self._reading = asyncio.get_running_loop().create_task(output.read())
                return
        raise RuntimeError(f"the gateway ended at once:\n{self.log}")

    def _running(self) -> asyncio.subprocess.Process:
        """The process, which has been started."""
        assert self._process is not None, "start the gateway first"
        return self._process
