"""Downloaded files: whole or absent, and removed when they are no longer what they were."""

from __future__ import annotations

import subprocess
from pathlib import Path

from antiphon.modelfiles.store import Store
from tests.unit.modelfiles.gguf_files import write
from tests.unit.modelfiles.test_digest import Told, digest_of


def put(store: Store, name: str, data: bytes) -> Path:
    """Put a file into the store as a download does."""
    path = store.folder / name
    part = write(path.with_name(path.name + ".part"), data)
    return store.put(part, path, digest_of(data)).path


def test_what_was_put_is_got(tmp_path: Path) -> None:
    """With its digest and size, without reading it again; `sha256sum` agrees."""
    store, told = Store(tmp_path), Told()
    path = put(store, "hub/o/r/m.gguf", b"data")
    found = store.get(path, on_progress=told.append)
    assert found is not None
    assert (found.path, found.sha256, found.size_bytes) == (path, digest_of(b"data"), 4)
    assert not told
    assert store.names(store.folder / "hub") == ["o/r/m.gguf"]
    subprocess.run(["sha256sum", "--check", "--status", "m.gguf.sha256"], cwd=path.parent, check=True)


def test_a_file_without_its_digest_is_not_there(tmp_path: Path) -> None:
    """Neither a stray file nor a digest alone is a download."""
    store = Store(tmp_path)
    assert store.get(write(tmp_path / "a.gguf", b"x"), on_progress=Told().append) is None
    assert store.get(write(tmp_path / "b.gguf.sha256", b"x").with_suffix(""), on_progress=Told().append) is None
    assert store.names(tmp_path) == []


def test_a_file_that_changed_is_removed(tmp_path: Path) -> None:
    """A flipped bit on the disk leads to a new download, not to a broken engine."""
    store = Store(tmp_path)
    path = put(store, "m.gguf", b"good")
    write(path, b"bad!")
    assert store.get(path, on_progress=Told().append) is None
    assert [file.name for file in tmp_path.iterdir()] == ["digests"]
