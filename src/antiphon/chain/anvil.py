"""The chain's program in a child process: started on a free port, begun anew when it ends, its state kept in a file."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

from antiphon.chain.rpc import Rpc
from antiphon.chain.token import CHAIN_ID
from antiphon.errors import AntiphonError, ConfigError, Unavailable

MODULE = "antiphon.dependent"
PARENT_ENDED = "SIGINT"  # an interrupted chain writes its state before it ends; a killed one would not
READY_S = 20.0
POLL_S = 0.05
STOP_S = 10.0
AGAIN_S = 0.5
# A chain that is killed loses no more than this; one that is stopped loses nothing.
STATE_INTERVAL_S = 2
# A transaction has its block at once. The others are for the time that they tell: contracts take the newest one's for
# now, and a payment that is good from a minute ago on would not be so yet where nothing had happened for longer.
BLOCK_S = 30
STATES_MAX = 64  # of former blocks; without a bound they go to files in the home folder


class Anvil:
    """One chain; `stop` must be called in the end. `on_end` is told when it ended by itself."""

    def __init__(self, program: Path, folder: Path, *, on_end: Callable[[str], None]) -> None:
        self._program = program
        self._folder = folder
        self._on_end = on_end
        self._port = _free_port()
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        self.rpc = Rpc(f"http://127.0.0.1:{self._port}")
        self._process = self._spawn()
        self._watch = threading.Thread(target=self._keep_up, name="chain-watch", daemon=True)

    @property
    def pid(self) -> int:
        """The child's process id."""
        return self._process.pid

    def start(self) -> None:
        """Return once it answers; ConfigError with its words when it does not."""
        try:
            self._wait_until_ready()
        except AntiphonError:
            self.stop()
            raise
        self._watch.start()

    def stop(self) -> None:
        """End it, its state written; by force when it takes too long."""
        with self._lock:
            self._stopping.set()
            self._process.terminate()
            try:
                self._process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        if self._watch.is_alive():
            self._watch.join()

    def _spawn(self) -> subprocess.Popen[bytes]:
        """In a session of its own, so that Ctrl-C on our terminal is ours alone."""
        words = ["--chain-id", str(CHAIN_ID), "--port", str(self._port), "--host", "127.0.0.1", "--accounts", "1"]
        words += ["--block-time", str(BLOCK_S), "--mixed-mining", "--prune-history", str(STATES_MAX)]
        words += ["--state", str(self._folder / "state.json"), "--state-interval", str(STATE_INTERVAL_S), "--quiet"]
        command = [sys.executable, "-P", "-m", MODULE, PARENT_ENDED, str(os.getpid()), str(self._program), *words]
        with (self._folder / "anvil.log").open("ab") as log:
            return subprocess.Popen(  # noqa: S603 - a program of ours with words of ours
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env={"PYTHONPATH": os.pathsep.join(folder for folder in sys.path if folder)},
                start_new_session=True,
            )

    def _wait_until_ready(self) -> None:
        pause = threading.Event()
        for _ in range(int(READY_S / POLL_S)):
            if self._process.poll() is not None:
                break
            try:
                found = self.rpc.number("eth_chainId")
            except Unavailable:
                pause.wait(POLL_S)
                continue
            if found != CHAIN_ID:
                raise ConfigError(f"chain: something else answers at {self.rpc.url}, with chain id {found}.")
            return
        log = self._folder / "anvil.log"
        raise ConfigError(f"chain: the local chain did not start; {log} has its last words.")

    def _keep_up(self) -> None:
        """Begin it anew whenever it ends, on the same port, from the state that was written last."""
        while not self._stopping.is_set():
            status = self._process.wait()
            if self._stopping.wait(AGAIN_S):
                return
            with self._lock:
                if self._stopping.is_set():
                    return
                self._process = self._spawn()
            self._on_end(f"the local chain ended with status {status} and was begun anew")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
