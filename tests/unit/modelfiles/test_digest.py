"""Digests of files: read once, read again when anything differs."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from antiphon.modelfiles.digest import Digests, sha256_of
from antiphon.modelfiles.model import Progress
from tests.unit.modelfiles.gguf_files import write


class Told(list[Progress]):
    """Progress that was told."""


def digest_of(data: bytes) -> str:
    """SHA-256 in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def test_a_file_is_read_once(tmp_path: Path) -> None:
    """The second time nothing is read, in another process neither; progress ends at the file's size."""
    path, told = write(tmp_path / "m.gguf", b"x" * 5_000_000), Told()
    assert Digests(tmp_path).of(path, on_progress=told.append) == digest_of(b"x" * 5_000_000)
    assert told[-1] == Progress("m.gguf", 5_000_000, 5_000_000, "checking")
    told.clear()
    assert Digests(tmp_path).of(path, on_progress=told.append) == digest_of(b"x" * 5_000_000)
    assert not told


def test_a_changed_file_is_read_again(tmp_path: Path) -> None:
    """Another time, another size or another inode each suffice."""
    path, digests = write(tmp_path / "m.gguf", b"one"), Digests(tmp_path)
    digests.of(path, on_progress=Told().append)
    stat = path.stat()
    write(path, b"two")
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns + 1))
    assert digests.of(path, on_progress=Told().append) == digest_of(b"two")
    other = write(tmp_path / "other", b"abc")
    os.utime(other, ns=(stat.st_atime_ns, stat.st_mtime_ns + 1))
    other.replace(path)
    assert digests.of(path, on_progress=Told().append) == digest_of(b"abc")


def test_what_was_remembered_is_not_trusted_blindly(tmp_path: Path) -> None:
    """A broken memory is as good as none, and a folder that cannot be written costs only time."""
    path, digests = write(tmp_path / "m.gguf", b"one"), Digests(tmp_path)
    digests.of(path, on_progress=Told().append)
    for remembered in (tmp_path / "digests").iterdir():
        remembered.write_text("{")
    assert digests.of(path, on_progress=Told().append) == digest_of(b"one")
    write(tmp_path / "blocked" / "digests", b"a file where a folder should be")
    assert Digests(tmp_path / "blocked").of(path, on_progress=Told().append) == digest_of(b"one")


def test_the_plain_digest(tmp_path: Path) -> None:
    """An empty file has a digest too."""
    assert sha256_of(write(tmp_path / "e", b""), on_progress=Told().append) == digest_of(b"")
