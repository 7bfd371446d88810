"""The command line `llm`: `python -m clients.scripts.llm_cli`, in its environment."""

from __future__ import annotations

from . import llm_scenarios
from .scenario import run

if __name__ == "__main__":
    run(llm_scenarios)
