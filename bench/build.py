"""Compiles the mock upstream and the load generator, once for each state of their sources, outside the repository."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

SOURCES = Path(__file__).resolve().parent
FLAGS = ("-std=c11", "-D_GNU_SOURCE", "-O2", "-Wall", "-Wextra", "-Werror")


@dataclass(frozen=True, kw_only=True)
class Tools:
    """The paths of the two compiled programs."""

    mock_upstream: Path
    load: Path


def cache_folder() -> Path:
    """Where compiled programs and installed peers are kept: `BENCH_CACHE`, or the user's cache."""
    chosen = os.environ.get("BENCH_CACHE")
    return Path(chosen) if chosen else Path.home() / ".cache" / "antiphon-bench"


def install_debian(package: str) -> None:
    """Installs one Debian package; raises CalledProcessError where that is not possible."""
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    print(f"installing {package} ...", flush=True)
    for command in (("apt-get", "update", "-qq"), ("apt-get", "install", "-y", "-qq", package)):
        subprocess.run(command, check=True, env=environment, stdout=subprocess.DEVNULL)


def compiler() -> str:
    """The C compiler on PATH; installs Debian's gcc when there is none."""
    if shutil.which("cc") is None:
        install_debian("gcc")
        install_debian("libc6-dev")
    return "cc"


def build(cache: Path) -> Tools:
    """The programs for the present sources, compiled only if these sources never were."""
    digest = hashlib.sha256(" ".join(FLAGS).encode())
    for source in sorted((*SOURCES.glob("*.c"), *SOURCES.glob("*.h"))):
        digest.update(source.read_bytes())
    folder = cache / "build" / digest.hexdigest()[:16]
    folder.mkdir(parents=True, exist_ok=True)
    tools = Tools(mock_upstream=folder / "mock_upstream", load=folder / "load")
    for program in (tools.mock_upstream, tools.load):
        if not program.exists():
            draft = program.with_suffix(f".{os.getpid()}")
            source = SOURCES / f"{program.name}.c"
            subprocess.run((compiler(), *FLAGS, "-o", draft, source), check=True)
            draft.rename(program)
    return tools
