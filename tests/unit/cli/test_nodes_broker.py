"""`antiphon nodes nats-config`."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

from antiphon.link.broker import find_program


def test_a_server_takes_the_configuration(run: Callable[..., Any], tmp_path: Path) -> None:
    """The real one does, and the keys in it stay the same."""
    words = ("nodes", "nats-config", "--listen", "127.0.0.1:4333", "--folder", str(tmp_path / "nats"))
    made = run(*words)
    assert made.code == 0
    file = tmp_path / "nats.conf"
    file.write_text(made.out)
    checked = subprocess.run([find_program({}), "-t", "-c", file], capture_output=True, check=False, text=True)
    assert checked.returncode == 0, checked.stderr
    assert 'listen: "127.0.0.1:4333"' in made.out
    accounts = [line.split(":")[0] for text in (made.out, run(*words).out) for line in text.splitlines()[-4:-1]]
    assert accounts[:3] == accounts[3:]
