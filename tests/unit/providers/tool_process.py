"""The tool server in a process of its own, which a test may kill and start again at the same port."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Self

from antiphon.providers.model import Provider, ProviderLimits

SCRIPT = Path(__file__).with_name("tool_server.py")
LIMITS = ProviderLimits(connect_s=20.0, list_s=20.0, answer_bytes_max=64 * 1024, text_characters_max=2000)


class ToolProcess:
    """Running from the start; `with` ends it."""

    def __init__(self, *flags: str) -> None:
        self._flags = flags
        self.port = 0
        self.start()

    def start(self) -> None:
        """Start it, at the port that it had before, and wait until it listens."""
        command = (sys.executable, str(SCRIPT), "--port", str(self.port), *self._flags)
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        self.port = int(self._process.stdout.readline())

    def kill(self) -> None:
        """End it at once, as a crash would."""
        self._process.kill()
        self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()

    def provider(self, key: str = "one", *, timeout_s: float = 20.0) -> Provider:
        """The provider that it is."""
        return Provider(f"id-{key}", key, key, f"http://127.0.0.1:{self.port}/mcp", timeout_s=timeout_s)

    def __enter__(self) -> Self:
        """It runs already."""
        return self

    def __exit__(self, *_: object) -> None:
        """End it."""
        self.kill()
