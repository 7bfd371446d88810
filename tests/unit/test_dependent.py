"""The child ends with its parent, however that ends."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys

from antiphon.dependent import main

PATIENCE_S = 20.0
GRANDCHILD = """
import signal, sys
signal.signal(signal.SIGINT, lambda *_: sys.exit(print("interrupted", flush=True)))
print("up", flush=True)
signal.pause()
"""
PARENT = """
import os, subprocess, sys
words = ["SIGINT", str(os.getpid()), sys.executable, "-c", sys.argv[1]]
subprocess.Popen([sys.executable, "-m", "antiphon.dependent", *words])
sys.stdin.read()
"""


def line(process: subprocess.Popen[str]) -> str:
    """The next line that the process or its child prints; empty when there is none in time."""
    assert process.stdout is not None
    readable, _, _ = select.select([process.stdout], [], [], PATIENCE_S)
    return process.stdout.readline() if readable else ""


def test_a_killed_parent_interrupts_the_child() -> None:
    """So it can still write what it knows."""
    command = [sys.executable, "-c", PARENT, GRANDCHILD]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as parent:
        assert line(parent) == "up\n"
        parent.send_signal(signal.SIGKILL)
        assert line(parent) == "interrupted\n"


def test_without_its_parent_it_does_not_begin() -> None:
    """Somebody else is the parent by then."""
    assert main(["SIGKILL", str(os.getpid()), "/bin/true"]) == 1
