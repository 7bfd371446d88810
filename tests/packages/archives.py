"""Builds the archives from a copy of the tracked files, and makes environments that hold only what they ask for."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
import venv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.architecture.tree import REPOSITORY, kept_files
from tests.clients.environments import Environment, prepare

BUILDERS = Environment("builders", python=("build==1.6.1", "hatchling==1.33.0", "twine==7.0.0"))
STEP_S_MAX = 600


@dataclass(frozen=True)
class Archives:
    """What a version is published as, and the folder that it was built from."""

    tree: Path
    wheel: Path
    source: Path

    @property
    def both(self) -> tuple[Path, Path]:
        """The wheel, then the source."""
        return self.wheel, self.source

    def files(self) -> set[str]:
        """What the folder holds."""
        return {path.relative_to(self.tree).as_posix() for path in self.tree.rglob("*") if path.is_file()}


def extras() -> set[str]:
    """What may stand in brackets behind the name, but for what developers need."""
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return set(project["optional-dependencies"]) - {"dev"}


def tracked(folder: Path) -> Path:
    """The tracked files in a new folder."""
    return copied(REPOSITORY, kept_files(), folder, mask=0o022)


def copied(tree: Path, files: Sequence[Path], folder: Path, *, mask: int) -> Path:
    """These files of a tree in a new folder, with the rights that the mask leaves."""
    for path in files:
        target = folder / path.relative_to(tree)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
        target.chmod(0o777 & ~mask if os.access(path, os.X_OK) else 0o666 & ~mask)
    _link(tree, folder)
    return folder


def _link(tree: Path, folder: Path) -> None:
    """Make the links to folders that a tree's package has."""
    for link in (tree / "src").rglob("*"):
        if link.is_symlink():
            (folder / link.relative_to(tree)).symlink_to(link.readlink())


def built(source: Path, folder: Path) -> Archives:
    """Both archives, the wheel out of the source archive, as `python -m build` makes them."""
    run(builder("python"), "-m", "build", "--no-isolation", "--outdir", folder, source)
    (wheel,), (archive,) = folder.glob("*.whl"), folder.glob("*.tar.gz")
    return Archives(source, wheel, archive)


def wheel_of(source: Path, folder: Path) -> Path:
    """A wheel alone, out of the tree itself."""
    run(builder("python"), "-m", "build", "--no-isolation", "--wheel", "--outdir", folder, source)
    (wheel,) = folder.glob("*.whl")
    return wheel


def builder(program: str) -> Path:
    """A program of the environment that builds and checks archives."""
    return prepare(BUILDERS) / "bin" / program


def installed(wheel: Path, extra: str, folder: Path, *, with_pip: bool = False) -> Path:
    """The `bin` of an environment into which the wheel was installed, with an extra or, for "", without."""
    venv.create(folder, with_pip=with_pip)
    wanted = f"{wheel}[{extra}]" if extra else str(wheel)
    pip = (sys.executable, "-m", "pip", "--python", folder / "bin" / "python", "--disable-pip-version-check", "--quiet")
    run(*pip, "install", "--constraint", REPOSITORY / "constraints.txt", wanted)
    run(*pip, "check")
    return folder / "bin"


def run(*command: str | Path, cwd: Path | None = None) -> str:
    """What a command prints; all that it said when it fails."""
    words: Sequence[str] = [str(word) for word in command]
    kept = {name: value for name, value in os.environ.items() if name not in {"PYTHONPATH", "VIRTUAL_ENV"}}
    done = subprocess.run(
        words, cwd=cwd or "/", env=kept, capture_output=True, text=True, check=False, timeout=STEP_S_MAX
    )
    assert done.returncode == 0, f"{words}\n{done.stdout}\n{done.stderr}"
    return done.stdout
