"""What a client is: the environment it lives in, the door it knocks at, and how its scenarios are started."""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from antiphon.completions.doors import DOORS

from .environments import Environment, find_node, prepare

SCRIPTS = Path(__file__).resolve().parent / "scripts"
PYTHON_SCENARIO = re.compile(r"^def ([a-z]\w*)\(lab: Lab\) -> None:$", re.MULTILINE)
NODE_SCENARIO = re.compile(r"^export async function ([a-z]\w*)\(lab\) \{$", re.MULTILINE)
PREFIXES = {door.name: door.prefix for door in DOORS}


@dataclass(frozen=True)
class Client:
    """A client at one door; `modules` hold its scenarios, `variables` are set in its environment.

    `wallets`: how many of them have test money for it. `further`: it runs where all clients do, not with every run of
    the tests.
    """

    name: str
    environment: Environment
    modules: tuple[str, ...]
    door: str = "v1"
    further: bool = False
    wallets: int = 0
    variables: Mapping[str, str] = field(default_factory=dict)

    @property
    def prefix(self) -> str:
        """What the addresses of its door begin with."""
        return PREFIXES[self.door]

    def scenarios(self) -> list[str]:
        """The names of all scenarios, read from the sources since those only run in the environment."""
        pattern = PYTHON_SCENARIO if self.environment.python else NODE_SCENARIO
        return [name for module in self.modules for name in pattern.findall(self._source(module).read_text("utf-8"))]

    def command(self, folder: Path) -> list[str]:
        """The command that runs them, in `folder`; makes the environment if need be."""
        made = prepare(self.environment)
        if self.environment.python:
            return [str(self.environment.interpreter), "-m", "clients.scripts.main", *self.modules]
        # Node looks for packages beside the file that names them.
        (folder / "node_modules").symlink_to(made / "node_modules")
        for source in SCRIPTS.glob("*.mjs"):
            shutil.copy(source, folder)
        return [*find_node().node, str(folder / "main.mjs"), *self.modules]

    def _source(self, module: str) -> Path:
        """The file of a module."""
        return SCRIPTS / f"{module}{'.py' if self.environment.python else '.mjs'}"
