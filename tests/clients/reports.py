"""Runs a client's scenarios in their environment, once, and keeps what became of each."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

import msgspec

from .client import Client
from .environments import InstallationError
from .lab import variables

RUN_TIMEOUT_S = 240.0
TESTS = Path(__file__).resolve().parent.parent
INHERITED = ("LANG", "LC_ALL", "TMPDIR", "SSL_CERT_FILE")
STDERR_CHARACTERS_MAX = 4000


class Outcome(msgspec.Struct, frozen=True):
    """What became of a scenario; `error` is None when it held, `seconds` None when it did not."""

    scenario: str
    error: str | None
    seconds: float | None = None


class Reports:
    """The outcomes of all clients against one gateway; a client runs when it is first asked for."""

    def __init__(self, origin: str, folder: Path) -> None:
        self._origin = origin
        self._folder = folder
        self._known: dict[str, dict[str, Outcome]] = {}

    async def of(self, client: Client, scenario: str) -> Outcome:
        """The outcome of one scenario."""
        if client.name not in self._known:
            self._known[client.name] = await self._run(client)
        return self._known[client.name][scenario]

    async def _run(self, client: Client) -> dict[str, Outcome]:
        """The outcomes of all scenarios; those that were not told have failed with what was said instead."""
        folder = self._folder / client.name
        folder.mkdir()
        try:
            command = await asyncio.to_thread(client.command, folder)
        except InstallationError as error:
            return {name: Outcome(name, str(error)) for name in client.scenarios()}
        ending = await self._finish(command, client, folder)
        said = (folder / "stderr").read_text(encoding="utf-8", errors="replace")[-STDERR_CHARACTERS_MAX:]
        untold = {
            name: Outcome(name, f"the run {ending} without a word of this; it said:\n{said}")
            for name in client.scenarios()
        }
        lines = (folder / "stdout").read_bytes().splitlines()
        told = [msgspec.json.decode(line, type=Outcome) for line in lines if line.startswith(b'{"scenario"')]
        return untold | {outcome.scenario: outcome for outcome in told}

    async def _finish(self, command: list[str], client: Client, folder: Path) -> str:
        """Run the command, its output into files of the folder, and say how it ended."""
        with (folder / "stdout").open("wb") as out, (folder / "stderr").open("wb") as err:
            process = await asyncio.create_subprocess_exec(
                *command,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                cwd=TESTS,
                env=self._variables(client, folder),
                start_new_session=True,
            )
            try:
                async with asyncio.timeout(RUN_TIMEOUT_S):
                    return f"ended with {await process.wait()}"
            except TimeoutError:
                return f"was ended after {RUN_TIMEOUT_S} s"
            finally:
                if process.returncode is None:
                    os.killpg(process.pid, signal.SIGKILL)
                    await process.wait()

    def _variables(self, client: Client, folder: Path) -> dict[str, str]:
        """A plain environment: no proxy, no key of the user's, no tracing, a home of its own."""
        inherited = {name: os.environ[name] for name in INHERITED if name in os.environ}
        own = {"PATH": os.defpath, "HOME": str(folder), "PYTHONDONTWRITEBYTECODE": "1", "NO_COLOR": "1"}
        return {**inherited, **own, **client.variables, **variables(self._origin, client)}
