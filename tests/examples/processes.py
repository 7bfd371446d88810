"""Processes that examples and pages are run with: each in a session of its own, gone when its context is."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[2]
READY_S = 60.0
STOP_S = 25.0
ASK_S = 60.0
POLL_S = 0.05
ENGINE_MODULE = "antiphon.testing.fault_engine"


@dataclass(frozen=True)
class Gateway:
    """A gateway that is ready: where it is, and the key for it."""

    base_url: str
    key: str
    data_dir: Path
    process: subprocess.Popen[str]

    @property
    def root(self) -> str:
        """The address without `/v1`."""
        return self.base_url.removesuffix("/v1")

    @property
    def port(self) -> str:
        """The port that it listens on."""
        return self.root.rpartition(":")[2]

    def health(self) -> str:
        """What `/health` says of all models together."""
        return str(ask(f"{self.root}/health")[1]["status"])


def variables(folder: Path, **more: str) -> dict[str, str]:
    """An environment with the commands of this one's Python and a home of its own."""
    kept = {name: os.environ[name] for name in ("PYTHONPATH", "VIRTUAL_ENV", "LANG") if name in os.environ}
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return {**kept, "PATH": path, "HOME": str(folder), **more}


@contextlib.contextmanager
def started(command: Sequence[str], environment: Mapping[str, str], log: Path) -> Iterator[subprocess.Popen[str]]:
    """A process with its output to read and its errors in `log`; all of its session is ended in the end."""
    with log.open("a") as errors:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            env=dict(environment),
            cwd=REPOSITORY,
            text=True,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)  # what a script may have left behind
        if process.stdout is not None:
            process.stdout.close()


def said(process: subprocess.Popen[str], log: Path, *, event: str | None = None) -> dict[str, Any]:  # Any: JSON
    """The first JSON line of its output (with this `event`); fails with the log when it does not come in time."""
    deadline = time.monotonic() + READY_S
    while True:
        line = _line(process, deadline)
        assert line, f"{process.args!r} did not become ready:\n{log.read_text()[-2000:]}"
        if line.startswith("{"):
            found: dict[str, Any] = json.loads(line)
            if event is None or found["event"] == event:
                return found


def _line(process: subprocess.Popen[str], deadline: float) -> str:
    """The next line of its output, "" when none comes until then.

    Read byte by byte: a reader that buffers would have taken the line behind it too, and nobody waits for what has
    been taken.
    """
    assert process.stdout is not None
    output, line = process.stdout.fileno(), bytearray()
    while not line.endswith(b"\n"):
        readable, _, _ = select.select([output], [], [], max(0.0, deadline - time.monotonic()))
        byte = os.read(output, 1) if readable else b""
        if not byte:
            return ""
        line += byte
    return line.decode()


@contextlib.contextmanager
def fault_engine(folder: Path, *, model: str, api_key: str | None = None) -> Iterator[str]:
    """The address of an engine whose answers are known beforehand."""
    command = [sys.executable, "-m", ENGINE_MODULE, "--model", model]
    command += ["--api-key", api_key] if api_key else []
    log = folder / "engine.log"
    with started(command, variables(folder), log) as process:
        yield str(said(process, log)["url"]).removesuffix("/v1")


@contextlib.contextmanager
def gateway(folder: Path, words: Sequence[str], *, key: str = "", **more: str) -> Iterator[Gateway]:
    """A gateway started with these flags, once every model of it can be served. Without `key`: its own."""
    command = [sys.executable, "-m", "antiphon", "serve", "--json", "--port", "0", *words]
    data_dir, log = folder / "data", folder / "gateway.log"
    environment = variables(folder, ANTIPHON_DATA_DIR=str(data_dir), **more)
    with started(command, environment, log) as process:
        ready = said(process, log, event="ready")
        found = Gateway(ready["base_url"], key or ready["development_key"], data_dir, process)
        wait_until(lambda: found.health() == "ok", what="every model can be served")
        yield found


def chain_url(pid: int) -> str:
    """Where the local chain of a gateway's process answers, as its child was told."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    commands = [Path(f"/proc/{child}/cmdline").read_text(encoding="utf-8").split("\0") for child in children]
    (words,) = [words for words in commands if "--chain-id" in words]
    return f"http://127.0.0.1:{words[words.index('--port') + 1]}"


def ask(url: str, key: str = "", body: object = None) -> tuple[int, Any]:  # Any: JSON
    """Status and JSON of one request: POST with a body, GET without."""
    content = None if body is None else json.dumps(body).encode()
    headers = {"accept": "application/json", "authorization": f"Bearer {key}"}
    try:
        with urllib.request.urlopen(urllib.request.Request(url, content, headers), timeout=ASK_S) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code, json.load(refused)


def wait_until(condition: Callable[[], bool], *, what: str) -> None:
    """Return once the condition holds; fails when it does not in time."""
    deadline = time.monotonic() + READY_S
    pause = Event()
    while not condition():
        assert time.monotonic() < deadline, f"not in time: {what}"
        pause.wait(POLL_S)


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
