"""The clients: what each needs, how its scenarios are started, and which there are."""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from .environments import Environment, find_node, prepare

SCRIPTS = Path(__file__).resolve().parent / "scripts"
PYTHON_SCENARIO = re.compile(r"^def ([a-z]\w*)\(lab: Lab\) -> None:$", re.MULTILINE)
NODE_SCENARIO = re.compile(r"^export async function ([a-z]\w*)\(lab\) \{$", re.MULTILINE)


@dataclass(frozen=True)
class Client:
    """A client with its environment; `modules` hold its scenarios, `main` runs them all."""

    name: str
    environment: Environment
    main: str
    modules: tuple[str, ...]

    def scenarios(self) -> list[str]:
        """The names of all scenarios, read from the sources since those only run in the environment."""
        pattern = PYTHON_SCENARIO if self.environment.python else NODE_SCENARIO
        return [name for module in self.modules for name in pattern.findall(self._source(module).read_text("utf-8"))]

    def command(self, folder: Path) -> list[str]:
        """The command that runs them, in `folder`; makes the environment if need be."""
        made = prepare(self.environment)
        if self.environment.python:
            return [str(self.environment.interpreter), "-m", f"clients.scripts.{self.main}"]
        # Node looks for packages beside the file that names them.
        (folder / "node_modules").symlink_to(made / "node_modules")
        for source in SCRIPTS.glob("*.mjs"):
            shutil.copy(source, folder)
        return [*find_node().node, str(folder / f"{self.main}.mjs")]

    def _source(self, module: str) -> Path:
        """The file of a module."""
        return SCRIPTS / f"{module}{'.py' if self.environment.python else '.mjs'}"


OPENAI_PYTHON = Client(
    name="openai-python",
    environment=Environment("openai-python", python=("openai==3.52.0", "pydantic==2.14.3")),
    main="openai_python",
    modules=(
        *("openai_chat", "openai_stream", "openai_structured", "openai_tools", "openai_vision"),
        *("openai_errors", "openai_retries"),
    ),
)
OPENAI_NODE = Client(
    name="openai-node",
    environment=Environment("openai-node", node=(("openai", "6.49.0"), ("zod", "4.6.7"))),
    main="openai_node",
    modules=("openai_node_chat", "openai_node_structured", "openai_node_tools", "openai_node_errors"),
)
LANGCHAIN_OPENAI = Client(
    name="langchain-openai",
    environment=Environment("langchain-openai", python=("langchain-openai==1.7.3", "langchain-core==1.7.2")),
    main="langchain_openai",
    modules=("langchain_scenarios",),
)
LLM = Client(
    name="llm",
    environment=Environment("llm", python=("llm==0.36",)),
    main="llm_cli",
    modules=("llm_scenarios",),
)
CLIENTS = (OPENAI_PYTHON, OPENAI_NODE, LANGCHAIN_OPENAI, LLM)
