"""What a confined process cannot do any more, tried in processes of their own."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys

import pytest

from antiphon.engines.embedded.process import clean_environment

PROGRAM = """
import json, os, resource, socket, sys
from antiphon.engines.embedded.confinement import confine
before = os.readlink("/proc/self/ns/net")
missing = confine(int(sys.argv[1]))
status = dict(line.split(":", 1) for line in open("/proc/self/status"))
umask = os.umask(0)
def connects():
    with socket.socket() as asked:
        return asked.connect_ex((sys.argv[2], int(sys.argv[3]))) == 0
print(json.dumps({
    "missing": missing, "core": resource.getrlimit(resource.RLIMIT_CORE), "umask": umask,
    "no_new_privileges": status["NoNewPrivs"].strip(), "oom": open("/proc/self/oom_score_adj").read().strip(),
    "own_network": os.readlink("/proc/self/ns/net") != before, "connects": connects(),
}))
"""


def confined(parent_pid: int, port: int = 9) -> subprocess.CompletedProcess[str]:
    """Run the program as a child of that parent would run."""
    return subprocess.run(
        [sys.executable, "-P", "-c", PROGRAM, str(parent_pid), "127.0.0.1", str(port)],
        capture_output=True,
        text=True,
        env=clean_environment(os.environ),
        timeout=30,
        check=False,
    )


@pytest.mark.skipif(sys.platform != "linux", reason="these fences are Linux's")
def test_a_confined_process_has_little() -> None:
    """No core dumps, no new privileges, first to go without memory, private files, and no network if that is had."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        ended = confined(os.getpid(), listening.getsockname()[1])
    found = json.loads(ended.stdout)
    assert (found["core"], found["no_new_privileges"], found["umask"]) == ([0, 0], "1", 0o077)
    assert found["oom"] == "500"
    said = any("network" in sentence for sentence in found["missing"])
    assert found["own_network"] != said  # either it is taken, or it is said that it could not be
    assert found["connects"] == said


def test_an_orphan_does_not_start() -> None:
    """A child whose parent died before it could ask for the signal ends at once."""
    ended = confined(parent_pid=1)
    assert (ended.returncode, ended.stderr.strip()) == (1, "The parent is gone.")
