"""Where downloaded files lie below the models folder: one place for each reference, whatever it fetches."""

from __future__ import annotations

import hashlib
from pathlib import Path

from antiphon.modelfiles.builtin import Builtin
from antiphon.modelfiles.reference import HubReference, URLReference
from antiphon.modelfiles.store import Store

USUAL = "usual.txt"
NAME_CHARACTERS_MAX = 300


def of_builtin(store: Store, builtin: Builtin) -> Path:
    """The place of a built-in model."""
    return store.folder / "builtin" / builtin.file


def of_url(store: Store, reference: URLReference) -> Path:
    """The place of a file from the web, apart from others of the same name."""
    return store.folder / "url" / hashlib.sha256(reference.url.encode()).hexdigest()[:16] / reference.name


def of_repository(store: Store, reference: HubReference) -> Path:
    """The folder of a repository's files at one revision."""
    return store.folder / "hub" / reference.repo / reference.revision.replace("/", "--")


def usual(folder: Path) -> str | None:
    """Which file a reference meant that named neither file nor quantisation, when it was fetched."""
    try:
        return (folder / USUAL).read_text(encoding="utf-8")[:NAME_CHARACTERS_MAX].strip() or None
    except (OSError, UnicodeDecodeError):
        return None


def remember_usual(folder: Path, name: str) -> None:
    """Keep that choice: a repository that gains a file must not change the model at the next start."""
    (folder / USUAL).write_text(name + "\n", encoding="utf-8")
