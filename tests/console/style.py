"""How the console's modules are written: checked, or put right with `--write`, by the tool that is named here."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.clients.environments import Environment, find_node, prepare

BIOME = Environment("biome", node=(("@biomejs/biome", "2.6.8"),))
STATIC = Path(__file__).parents[2] / "src" / "antiphon" / "console" / "static"


def judged(*flags: str) -> subprocess.CompletedProcess[str]:
    """What it says of all modules; with `--write` it mends what it can."""
    program = prepare(BIOME) / "node_modules" / "@biomejs" / "biome" / "bin" / "biome"
    command = (*find_node().node, str(program), "check", f"--config-path={Path(__file__).parent}", *flags, str(STATIC))
    return subprocess.run(command, capture_output=True, text=True, check=False)


if __name__ == "__main__":
    done = judged(*sys.argv[1:])
    print(done.stdout + done.stderr)
    sys.exit(done.returncode)
