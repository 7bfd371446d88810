"""The folder of downloaded files: each whole one has its digest beside it, in the form that `sha256sum -c` reads."""

from __future__ import annotations

from pathlib import Path

from antiphon.modelfiles.digest import Digests
from antiphon.modelfiles.model import ModelFile, Report

SIDECAR = ".sha256"
SHA256_CHARACTERS = 64


class Store:
    """What was downloaded into `models_dir`."""

    def __init__(self, models_dir: Path) -> None:
        self.folder = models_dir
        self.digests = Digests(models_dir)

    def get(self, path: Path, *, on_progress: Report) -> ModelFile | None:
        """The file if it is whole. One that changed since it was put here is removed, so that it is fetched again."""
        expected = _expected(path)
        if expected is None or not path.is_file():
            return None
        sha256 = self.digests.of(path, on_progress=on_progress)
        if sha256 != expected:
            path.unlink()
            sidecar(path).unlink()
            return None
        return ModelFile(path=path, sha256=sha256, size_bytes=path.stat().st_size)

    def put(self, part: Path, path: Path, sha256: str) -> ModelFile:
        """Take a checked file in: it appears at `path` at once, or not at all."""
        sidecar(path).write_text(f"{sha256}  {path.name}\n", encoding="ascii")
        part.replace(path)
        self.digests.remember(path, sha256)
        return ModelFile(path=path, sha256=sha256, size_bytes=path.stat().st_size)

    def names(self, folder: Path) -> list[str]:
        """The whole files below `folder`, relative to it."""
        return sorted(
            str(path.relative_to(folder))
            for path in folder.rglob("*.gguf")
            if path.is_file() and sidecar(path).is_file()
        )


def sidecar(path: Path) -> Path:
    """Where the digest of a file is written."""
    return path.with_name(path.name + SIDECAR)


def _expected(path: Path) -> str | None:
    try:
        text = sidecar(path).read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError):
        return None
    return text[:SHA256_CHARACTERS]
