"""What the comparison must know of a gateway: how to install it, how to start it, and what it does for its cost."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from bench.load import BURST_MODEL

MODELS = (BURST_MODEL, "mock-50", "mock-10")
PROJECT = "bench"  # what a gateway with projects has; one of its doors asks for one before the model

Role = Literal["ours", "router", "proxy", "floor"]


@dataclass(frozen=True, kw_only=True)
class Site:
    """Where one gateway runs in one round: its port, its upstream's, the one key it must accept, its own folders."""

    upstream_port: int
    port: int
    key: str
    folder: Path
    cache: Path

    @property
    def upstream_url(self) -> str:
        """The origin of the mock upstream, without a path."""
        return f"http://127.0.0.1:{self.upstream_port}"


@dataclass(frozen=True, kw_only=True)
class Launch:
    """A command line, and what it needs on top of the present environment. `key` is one that it made by itself."""

    argv: tuple[str, ...]
    env: Mapping[str, str] = field(default_factory=dict)
    key: str | None = None

    def environment(self) -> dict[str, str]:
        """The whole environment of the process: ours without the settings of anybody's own gateway."""
        ours = {name: value for name, value in os.environ.items() if not name.startswith("ANTIPHON_")}
        return {**ours, **self.env}


@dataclass(frozen=True, kw_only=True)
class Gateway:
    """One row of the comparison. `note` says how it is run, where there are several ways to.

    `meters_usage` is its documentation's word; whether it checks keys is tried out. `doors` are the paths of chats in
    its several dialects, by the doors' names, the canonical one first, where it has several.
    """

    name: str
    label: str
    note: str = ""
    role: Role
    meters_usage: bool
    install: Callable[[Path], None]
    version: Callable[[Path], str]
    launch: Callable[[Site], Launch]
    doors: Mapping[str, str] = field(default_factory=dict)


def venv_of(cache: Path, name: str) -> Path:
    """The folder of a peer's own virtual environment."""
    return cache / "peers" / name


def install_venv(cache: Path, name: str, requirements: tuple[str, ...]) -> None:
    """Installs the requirements into the peer's own environment, unless exactly these were installed before."""
    folder = venv_of(cache, name)
    done = folder / "requirements.txt"
    wanted = "\n".join(requirements) + "\n"
    if done.exists() and done.read_text() == wanted:
        return
    print(f"installing {' '.join(requirements)} ...", flush=True)
    subprocess.run((sys.executable, "-m", "venv", "--clear", folder), check=True)
    subprocess.run((folder / "bin" / "pip", "install", "-qq", *requirements), check=True)
    done.write_text(wanted)


def installed_version(python: Path, package: str) -> str:
    """The version of a distribution, as the interpreter that runs it sees it."""
    program = f"from importlib.metadata import version; print(version({package!r}))"
    return subprocess.run((python, "-c", program), check=True, capture_output=True, text=True).stdout.strip()
