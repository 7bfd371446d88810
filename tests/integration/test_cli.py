"""The commands as processes: a gateway over the fault engine, a chat at a real terminal, pipes that close."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import re
import select
import shlex
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from antiphon import __version__

DEADLINE_S = 30.0
READ_BYTES = 65_536
CTRL_C, CTRL_D = b"\x03", b"\x04"
# A session of its own with the terminal in control, so that Ctrl-C reaches it as a signal.
ON_TERMINAL = "import os, sys; os.login_tty(0); from antiphon.cli.app import main; sys.exit(main(sys.argv[1:]))"


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """Variables for a command: ours alone, a home of its own."""
    kept = {name: os.environ[name] for name in ("PATH", "PYTHONPATH", "VIRTUAL_ENV") if name in os.environ}
    return {**kept, "HOME": str(tmp_path), "PYTHONDONTWRITEBYTECODE": "1", "TERM": "dumb"}


@contextlib.contextmanager
def started(words: list[str], environment: dict[str, str], folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A process of ours that is ended with the test."""
    process = subprocess.Popen(
        [sys.executable, "-m", *words],
        env=environment,
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        bufsize=0,  # so that `select` knows of every byte
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def line_of(process: subprocess.Popen[bytes]) -> str:
    """The next line that the process prints; fails when it ends or the deadline passes."""
    assert process.stdout is not None
    ready, _, _ = select.select([process.stdout], [], [], DEADLINE_S)
    assert ready, "nothing was printed in time"
    line = process.stdout.readline()
    assert line, process.stderr.read() if process.stderr else "the process ended"
    return line.decode()


def antiphon(
    *words: str, environment: dict[str, str], folder: Path, stdin: str = ""
) -> subprocess.CompletedProcess[str]:
    """Run one command to its end."""
    command = [sys.executable, "-m", "antiphon", *words]
    return subprocess.run(
        command,
        env=environment,
        cwd=folder,
        input=stdin,
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
        check=False,
    )


@pytest.fixture
def engine(environment: dict[str, str], tmp_path: Path) -> Iterator[str]:
    """The base URL of a fault engine in a process."""
    with started(["antiphon.testing.fault_engine"], environment, tmp_path) as process:
        url: str = json.loads(line_of(process))["url"]
        yield url


@dataclass(frozen=True)
class Gateway:
    """A gateway that `antiphon serve` started, and the flags for other commands to find it."""

    process: subprocess.Popen[bytes]
    events: list[dict[str, str]]
    flags: tuple[str, ...]

    @property
    def base_url(self) -> str:
        """Where it listens."""
        return self.events[-1]["base_url"]


@pytest.fixture
def gateway(engine: str, environment: dict[str, str], tmp_path: Path) -> Iterator[Gateway]:
    """A gateway over the fault engine, ready."""
    flags = ("--upstream", engine, "--no-model", "--data-dir", str(tmp_path / "data"))
    with started(["antiphon", "serve", "--port", "0", "--json", *flags], environment, tmp_path) as process:
        events: list[dict[str, str]] = []
        while not events or events[-1]["event"] != "ready":
            events.append(json.loads(line_of(process)))
        yield Gateway(process, events, flags)


class Terminal:
    """A command at a pseudo-terminal, as a person sees it."""

    def __init__(self, words: list[str], environment: dict[str, str], folder: Path) -> None:
        self._master, slave = pty.openpty()
        self.seen = ""
        self._done = 0
        self.process = subprocess.Popen(
            [sys.executable, "-c", ON_TERMINAL, *words],
            env=environment,
            cwd=folder,
            stdin=slave,
            stdout=slave,
            stderr=slave,
        )
        os.close(slave)

    def type(self, keys: bytes) -> None:
        """Press keys."""
        os.write(self._master, keys)

    def wait_for(self, pattern: str) -> None:
        """Read until the pattern is found after what the last wait found."""
        deadline = time.monotonic() + DEADLINE_S
        while not (found := re.compile(pattern, re.DOTALL).search(self.seen, self._done)):
            left = deadline - time.monotonic()
            ready, _, _ = select.select([self._master], [], [], max(left, 0))
            assert ready, f"{pattern!r} did not come; seen: {self.seen!r}"
            self.seen += os.read(self._master, READ_BYTES).decode(errors="replace")
        self._done = found.end()

    def close(self) -> None:
        """End the command, whatever it does."""
        self.process.kill()
        self.process.wait()
        os.close(self._master)


def test_the_module_is_the_command(environment: dict[str, str], tmp_path: Path) -> None:
    """`python -m antiphon` is there even where scripts are not installed."""
    assert antiphon("--version", environment=environment, folder=tmp_path).stdout.strip() == __version__


def test_a_person_chats(engine: str, environment: dict[str, str], tmp_path: Path) -> None:
    """Answers show as they come; Ctrl-C ends an answer that hangs, not the conversation; Ctrl-D leaves."""
    terminal = Terminal(["chat", "--base-url", engine], environment, tmp_path)
    try:
        terminal.wait_for("> ")
        terminal.type(b"hang [[fault:freeze k=3]]\r")
        terminal.wait_for(r"hang .*\n\w")
        terminal.type(CTRL_C)
        terminal.wait_for(r"\(stopped\).*> ")
        terminal.type(b"again\r")
        terminal.wait_for(r"again.*\n\w.*\n> ")
        terminal.type(CTRL_D)
        assert terminal.process.wait(DEADLINE_S) == 0
    finally:
        terminal.close()


def test_ctrl_c_ends_a_single_answer(engine: str, environment: dict[str, str], tmp_path: Path) -> None:
    """With what came so far, and the exit code that shells expect."""
    words = ["antiphon", "chat", "[[fault:freeze k=3]]", "--base-url", engine]
    with started(words, environment, tmp_path) as process:
        assert process.stdout is not None
        first = os.read(process.stdout.fileno(), 1)
        process.send_signal(signal.SIGINT)
        _, notes = process.communicate(timeout=DEADLINE_S)
    assert first
    assert b"(stopped)" in notes
    assert process.returncode == 130


def test_a_pipe_that_closes_ends_quietly(environment: dict[str, str], tmp_path: Path) -> None:
    """As `antiphon config | head -1` does."""
    command = f"{shlex.quote(sys.executable)} -m antiphon config | head -1"
    ran = subprocess.run(
        ["bash", "-c", command],
        env=environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
        check=True,
    )
    assert ran.stdout.startswith("SETTING")
    assert ran.stderr == ""


def test_serve_tells_how_to_call_it(engine: str, environment: dict[str, str], tmp_path: Path) -> None:
    """The curl line of a person's start gets a real answer, and SIGTERM ends the gateway well."""
    words = ["antiphon", "serve", "--port", "0", "--upstream", engine, "--no-model"]
    with started(words, environment, tmp_path) as process:
        line = ""
        while not line.startswith("curl "):
            line = line_of(process)
        curl = shlex.split(line)
        headers = dict(curl[place + 1].split(": ", 1) for place, word in enumerate(curl) if word == "-H")
        request = urllib.request.Request(curl[1], curl[curl.index("-d") + 1].encode(), headers)
        with urllib.request.urlopen(request, timeout=DEADLINE_S) as response:
            answer = json.load(response)
        process.send_signal(signal.SIGTERM)
        assert process.wait(DEADLINE_S) == 0
    assert answer["choices"][0]["message"]["content"]


def test_a_script_follows_the_start(gateway: Gateway) -> None:
    """It is told where, with which key and which model."""
    ready = gateway.events[-1]
    assert [event["event"] for event in gateway.events if event["event"] != "model"] == ["listening", "ready"]
    assert ready["development_key"].startswith("dkn_test_")
    assert ready["model"] == "fault-model"


def test_the_commands_find_the_gateway(gateway: Gateway, environment: dict[str, str], tmp_path: Path) -> None:
    """By its address and the development key in the data folder."""
    environment["ANTIPHON_DATA_DIR"] = str(tmp_path / "data")
    environment["OPENAI_BASE_URL"] = gateway.base_url
    listed = antiphon("models", "--json", environment=environment, folder=tmp_path)
    assert [model["id"] for model in json.loads(listed.stdout)["data"]] == ["fault-model"]
    answered = antiphon("chat", "--json", environment=environment, folder=tmp_path, stdin="hello")
    assert json.loads(answered.stdout)["content"], answered.stderr


def test_a_wrong_key_is_told(gateway: Gateway, environment: dict[str, str], tmp_path: Path) -> None:
    """In the gateway's own words."""
    words = ("models", "--base-url", gateway.base_url, "--key", "wrong")
    ran = antiphon(*words, environment=environment, folder=tmp_path)
    assert ran.returncode == 1
    assert "status 401" in ran.stderr


def test_the_doctor_finds_a_gateway_well(gateway: Gateway, environment: dict[str, str], tmp_path: Path) -> None:
    """Up to a streamed completion."""
    port = gateway.base_url.removesuffix("/v1").rpartition(":")[2]
    ran = antiphon("doctor", "--json", "--port", port, *gateway.flags, environment=environment, folder=tmp_path)
    told = json.loads(ran.stdout)
    status = {finding["check"]: finding["status"] for finding in told["findings"]}
    assert ran.returncode == 0, told
    assert [status[check] for check in ("port", "models", "completion", "stream", "keys", "clock")] == ["ok"] * 6


def test_the_doctor_tells_what_to_do(environment: dict[str, str], tmp_path: Path) -> None:
    """An upstream that is down is a failure with an advice; the exit code is 1."""
    words = ("doctor", "--upstream", "http://127.0.0.1:9", "--no-model", "--port", "0")
    ran = antiphon(*words, environment=environment, folder=tmp_path)
    assert ran.returncode == 1
    failed = [line for line in ran.stdout.splitlines() if line.startswith("FAIL")]
    assert len(failed) == 1
    assert "upstream http://127.0.0.1:9" in failed[0]
    assert "1 of" in ran.stdout.splitlines()[-1]
