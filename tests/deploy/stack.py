"""What the Compose file starts, started here without containers: the same words, variables and files."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import shlex
import signal
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from antiphon.link.broker import find_program
from antiphon.testing.raw_client import RawClient, request_bytes
from bench.peers.nginx import program
from bench.processes import free_port

from .containerfile import stages
from .tools import DEPLOY

FOLDER = DEPLOY / "compose"
READY_S_MAX = 60.0
STOP_S_MAX = 45.0
JSON = Any  # Any: a Compose file


def composed() -> JSON:
    """The file with its anchors put in place."""
    read: JSON = yaml.safe_load((FOLDER / "compose.yaml").read_text(encoding="utf-8"))
    del read["x-gateway"]
    return read


def filled(value: str, secrets: Mapping[str, str]) -> str:
    """A value with its secrets, and else its defaults, put in."""
    return re.sub(r"\$\{(\w+)(?::[-?]([^}]*))?\}", lambda found: secrets.get(found[1], found[2]), value)


class Stack:
    """Two gateways, a NATS and HAProxy, on ports of this machine, over a PostgreSQL that is there."""

    def __init__(self, folder: Path, database_url: str, secrets: Mapping[str, str]) -> None:
        self._folder = folder
        self._database_url = database_url
        self._secrets = secrets
        self._nats = f"127.0.0.1:{free_port()}"
        self._ports = {name: free_port() for name in ("gateway-1", "gateway-2", "proxy")}
        self._running: dict[str, asyncio.subprocess.Process] = {}
        self.url = f"http://127.0.0.1:{self._ports['proxy']}"

    @contextlib.asynccontextmanager
    async def up(self) -> AsyncIterator[None]:
        """Everything started in the order that the file asks for, and ended."""
        try:
            config = await self._nats_config()
            await self._start("nats", [str(find_program(os.environ)), "--config", str(config)], {})
            for name in ("gateway-1", "gateway-2"):
                await self.start_gateway(name)
            await self._start("proxy", self._haproxy(), {})
            await self._until_well("proxy")
            yield
        finally:
            for name in list(self._running):
                await self.stop(name)

    async def start_gateway(self, name: str, *, until: str = "/livez") -> None:
        """One of the two, up; `/readyz`: and able to serve a model."""
        *_, image = stages(DEPLOY / "Containerfile", {})
        words = [sys.executable, "-m", *image.command("ENTRYPOINT"), *image.command("CMD")]
        own = {
            "ANTIPHON_SERVER__PORT": str(self._ports[name]),
            "ANTIPHON_SERVER__HOST": "127.0.0.1",
            "ANTIPHON_OVERLOAD__LAG_S": "0",  # others use this machine: that it is slow is no reason to refuse
        }
        await self._start(name, words, self._variables(name) | own | {"ANTIPHON_DATA_DIR": str(self._folder / name)})
        await self._until_well(name, until)

    async def stop(self, name: str) -> int:
        """End it with SIGTERM, as a container engine does; its exit code."""
        process = self._running.pop(name)
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(STOP_S_MAX):
            return await process.wait()

    def log(self, name: str) -> str:
        """All that it wrote."""
        return (self._folder / f"{name}.log").read_text(encoding="utf-8", errors="replace")

    def _variables(self, name: str) -> dict[str, str]:
        """What the file tells a service, with addresses of this machine."""
        told = {key: filled(value, self._secrets) for key, value in composed()["services"][name]["environment"].items()}
        here = {
            "ANTIPHON_CONFIG": str(FOLDER / "antiphon.yaml"),
            "DATABASE_URL": self._database_url,
            "ANTIPHON_NODES__NATS": f"nats://{self._nats}",
            "ANTIPHON_NODES__ADDRESS": f"nats://{self._nats}",
        }
        return told | {key: value for key, value in here.items() if key in told} | dict(self._secrets)

    async def _nats_config(self) -> Path:
        """The configuration that the file has made for NATS, by its own command."""
        (command,) = composed()["services"]["nats-config"]["command"]
        words, _, _ = command.partition(">")
        here = words.replace("0.0.0.0:4222", self._nats).replace("/data", str(self._folder / "nats"))
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", *shlex.split(here)),
            env=self._environment(self._variables("nats-config") | {"ANTIPHON_DATA_DIR": str(self._folder / "config")}),
            stdout=asyncio.subprocess.PIPE,
        )
        written, _ = await process.communicate()
        assert process.returncode == 0
        path = self._folder / "nats.conf"
        path.write_bytes(written)
        return path

    def _haproxy(self) -> list[str]:
        text = (FOLDER / "haproxy.cfg").read_text(encoding="utf-8")
        text = text.replace("bind :8000", f"bind 127.0.0.1:{self._ports['proxy']}")
        for name in ("gateway-1", "gateway-2"):
            text = text.replace(f"{name}:8000", f"127.0.0.1:{self._ports[name]}")
        path = self._folder / "haproxy.cfg"
        path.write_text(text, encoding="utf-8")
        return [str(program("haproxy")), "-db", "-f", str(path)]

    async def _start(self, name: str, words: Sequence[str], variables: Mapping[str, str]) -> None:
        with (self._folder / f"{name}.log").open("ab") as log:
            self._running[name] = await asyncio.create_subprocess_exec(
                *words, env=self._environment(variables), stdin=asyncio.subprocess.DEVNULL, stdout=log, stderr=log
            )

    def _environment(self, variables: Mapping[str, str]) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("ANTIPHON_")}
        return kept | dict(variables)

    async def _until_well(self, name: str, path: str = "/livez") -> None:
        """Return once it answers; what it wrote is told when it does not."""
        url = f"http://127.0.0.1:{self._ports[name]}"
        try:
            async with asyncio.timeout(READY_S_MAX):
                while not await _well(url, path):
                    assert self._running[name].returncode is None, self.log(name)
                    await asyncio.sleep(0.1)
        except TimeoutError:
            raise AssertionError(f"{name} is not well:\n{self.log(name)}") from None


async def _well(url: str, path: str) -> bool:
    try:
        async with await RawClient.connect(url) as client:
            await client.send(request_bytes(path, method="GET"))
            return (await client.response()).status == 200
    except OSError:
        return False
