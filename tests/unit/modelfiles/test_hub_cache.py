"""What the hub's own tools left behind is found, by branch and by commit."""

from __future__ import annotations

from pathlib import Path

import pytest

from antiphon.modelfiles.hub_cache import cached_files, cached_sha256, token
from antiphon.modelfiles.model import HubAccess
from tests.unit.modelfiles.gguf_files import write
from tests.unit.modelfiles.test_digest import digest_of

COMMIT = "c" * 40


def cache(folder: Path, data: bytes = b"weights") -> Path:
    """A cache as the hub's tools write it: blobs by digest, snapshots of links, a branch that names a commit."""
    repository = folder / "models--o--r"
    blob = write(repository / "blobs" / digest_of(data), data)
    write(repository / "refs" / "main", COMMIT.encode())
    link = repository / "snapshots" / COMMIT / "sub" / "m.gguf"
    link.parent.mkdir(parents=True)
    link.symlink_to(blob)
    return link


@pytest.mark.parametrize("inner", ["hub", "."])
@pytest.mark.parametrize("revision", ["main", COMMIT])
def test_a_file_is_found(tmp_path: Path, inner: str, revision: str) -> None:
    """Whether the folder is the tools' home or its cache, and by the digest that names the blob."""
    link = cache(tmp_path / inner)
    found = cached_files(HubAccess(cache_dir=tmp_path), repo="o/r", revision=revision)
    assert {name: path.resolve() for name, path in found.items()} == {"sub/m.gguf": link.resolve()}
    assert cached_sha256(found["sub/m.gguf"]) == digest_of(b"weights")


@pytest.mark.parametrize(("repo", "revision"), [("o/other", "main"), ("o/r", "dev"), ("o/r", "d" * 40)])
def test_what_is_not_there(tmp_path: Path, repo: str, revision: str) -> None:
    """Another repository, branch or commit is not taken for it."""
    cache(tmp_path)
    assert cached_files(HubAccess(cache_dir=tmp_path), repo=repo, revision=revision) == {}


def test_a_branch_that_names_no_commit(tmp_path: Path) -> None:
    """A manipulated branch does not lead out of the cache."""
    cache(tmp_path)
    write(tmp_path / "models--o--r" / "refs" / "main", b"../../../..")
    assert cached_files(HubAccess(cache_dir=tmp_path), repo="o/r", revision="main") == {}


def test_a_plain_file_has_no_known_digest(tmp_path: Path) -> None:
    """Only a link to a blob tells which digest it should have."""
    assert cached_sha256(write(tmp_path / "m.gguf", b"x")) is None


def test_the_token_of_a_login(tmp_path: Path) -> None:
    """What was given wins; else the kept one; something that cannot be sent in a header is none."""
    access = HubAccess(cache_dir=tmp_path)
    assert token(access) is None
    write(tmp_path / "token", b"hf_kept\n")
    assert token(access) == "hf_kept"
    assert token(HubAccess(cache_dir=tmp_path, token="hf_given")) == "hf_given"
    write(tmp_path / "token", b"bad token\r\nX-Evil: 1")
    assert token(access) is None


def test_a_token_is_not_shown() -> None:
    """The access may be printed."""
    assert "hf_secret" not in repr(HubAccess(token="hf_secret"))
