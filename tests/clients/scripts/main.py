"""Runs scenarios in a client's environment: `python -m clients.scripts.main MODULE ...`."""

from __future__ import annotations

import sys
from importlib import import_module

from .scenario import run

if __name__ == "__main__":
    run(*[import_module(f".{name}", __package__) for name in sys.argv[1:]])
