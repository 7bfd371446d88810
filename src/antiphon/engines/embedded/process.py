"""One child process: started with a clean environment, its words logged, its end noticed at once."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Mapping
from typing import Self

import msgspec

from antiphon.engines.embedded.log import EngineLog
from antiphon.engines.embedded.options import ChildDocument, EngineOptions
from antiphon.engines.embedded.sockets import remove_socket

MODULE = "antiphon.engines.embedded.child"
READ_BYTES = 64 * 1024
LAST_WORDS_TIMEOUT_S = 2.0
# What the interpreter, the dynamic loader and accelerators' drivers read. No token, no key, no proxy.
VARIABLES_KEPT = frozenset({"PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH"})
PREFIXES_KEPT = ("GGML_", "CUDA_", "NVIDIA_", "HIP_", "ROCR_", "VK_", "OMP_")


class ChildProcess:
    """A started child. `end()` must be called in the end; it takes a child that ended by itself, too."""

    def __init__(self, process: asyncio.subprocess.Process, socket_path: str, log: EngineLog) -> None:
        self._process = process
        self._log = log
        self.socket_path = socket_path
        self.exit = asyncio.ensure_future(process.wait())
        self._listener = asyncio.ensure_future(self._listen())

    @classmethod
    async def spawn(
        cls, options: EngineOptions, *, socket_path: str, api_key: str, environ: Mapping[str, str], log: EngineLog
    ) -> Self:
        """Start a child in a session of its own, so that Ctrl-C on our terminal is ours alone. OSError if it fails."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-P", "-m", MODULE),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env=clean_environment(environ),
            start_new_session=True,
        )
        child = cls(process, socket_path, log)
        document = ChildDocument(options=options, socket_path=socket_path, api_key=api_key, parent_pid=os.getpid())
        child._tell(msgspec.json.encode(document) + b"\n")
        return child

    @property
    def pid(self) -> int:
        """The child's process id."""
        return self._process.pid

    @property
    def ending(self) -> str:
        """How it ended, as the end of a sentence that begins with "the engine"; or that it has to be ended."""
        return exit_words(self.exit.result()) if self.exit.done() else "is ended"

    async def end(self, *, grace_s: float) -> str:
        """End it, by force after `grace_s`; the `ending`."""
        self._signal(signal.SIGTERM)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(grace_s):
                await asyncio.shield(self.exit)
        self._signal(signal.SIGKILL)
        await asyncio.shield(self.exit)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LAST_WORDS_TIMEOUT_S):
                await self._listener
        remove_socket(self.socket_path)
        return self.ending

    def _tell(self, line: bytes) -> None:
        """Write to its input, which then stays open: its closing means that we are gone."""
        assert self._process.stdin is not None, "made with a pipe"
        with contextlib.suppress(OSError):
            self._process.stdin.write(line)

    def _signal(self, number: signal.Signals) -> None:
        if not self.exit.done():
            with contextlib.suppress(ProcessLookupError):
                self._process.send_signal(number)

    async def _listen(self) -> None:
        assert self._process.stdout is not None, "made with a pipe"
        while data := await self._process.stdout.read(READ_BYTES):
            self._log.write(data)


def clean_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """What a child may know of our environment, and where its modules are."""
    kept = {name: text for name, text in environ.items() if name in VARIABLES_KEPT or name.startswith(PREFIXES_KEPT)}
    kept["PYTHONPATH"] = os.pathsep.join(folder for folder in sys.path if folder)
    kept["PYTHONUNBUFFERED"] = "1"
    return kept


def exit_words(status: int) -> str:
    """An exit status as people read it: `ended with status 1`, `was ended by SIGKILL`."""
    if status >= 0:
        return f"ended with status {status}"
    try:
        return f"was ended by {signal.Signals(-status).name}"
    except ValueError:
        return f"was ended by signal {-status}"
