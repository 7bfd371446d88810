"""The hub's list of files is read, whatever answers in its place; nothing in it leads out of the repository."""

from __future__ import annotations

import io
from http.client import HTTPMessage
from typing import Any, Self  # Any: a listing is plain JSON

import msgspec
import pytest

from antiphon.errors import ConfigError
from antiphon.modelfiles import hub
from antiphon.modelfiles.hub import HubFile, advice, file_url, list_files
from antiphon.modelfiles.model import HubAccess
from antiphon.modelfiles.transport import Answer, Refused, Transport, Unreachable

ACCESS = HubAccess(address="http://hub")
SHA256 = "a" * 64


class Told:
    """An answer whose body is there."""

    def __init__(self, body: bytes) -> None:
        self.status = 200
        self.headers = HTTPMessage()
        self._body = io.BytesIO(body)

    def read(self, amount: int = -1, /) -> bytes:
        """A piece of it."""
        return self._body.read(amount)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self._body.close()


class Hub(Transport):
    """A hub that answers everything alike, or fails."""

    def __init__(self, answer: bytes | Exception) -> None:
        super().__init__()
        self.asked: list[str] = []
        self._answer = answer

    def get(self, url: str, headers: dict[str, str] | None = None) -> Answer:
        """Answer."""
        assert headers == {"Accept": "application/json"}
        self.asked.append(url)
        if isinstance(self._answer, Exception):
            raise self._answer
        return Told(self._answer)


def listed(answer: bytes | Exception) -> dict[str, HubFile]:
    """The files of a repository whose hub answers so."""
    return list_files(ACCESS, Hub(answer), repo="o/r", revision="main")


def sibling(name: str, sha256: str = SHA256, size: int = 5) -> dict[str, Any]:
    """A large file of a listing."""
    return {"rfilename": name, "lfs": {"sha256": sha256, "size": size}}


def listing(*siblings: dict[str, Any]) -> bytes:
    """A hub's list."""
    return msgspec.json.encode({"id": "o/r", "siblings": siblings})


def test_large_files_are_listed() -> None:
    """With digest and size; a file without a digest is none that could be checked."""
    files = listed(listing({"rfilename": "README.md"}, sibling("sub/m.gguf"), sibling("x.gguf", "no digest")))
    assert files == {"sub/m.gguf": HubFile(name="sub/m.gguf", sha256=SHA256, size_bytes=5)}


def test_the_revision_is_asked_for() -> None:
    """Whatever characters a branch has, they stay within its part of the address."""
    asked = Hub(listing())
    list_files(ACCESS, asked, repo="o/r", revision="pr/1?x")
    assert asked.asked == ["http://hub/api/models/o/r/revision/pr%2F1%3Fx?blobs=true"]
    assert file_url(ACCESS, repo="o/r", revision="a/b", name="sub/m 1.gguf") == (
        "http://hub/o/r/resolve/a%2Fb/sub/m%201.gguf"
    )


@pytest.mark.parametrize(
    "name", ["../m.gguf", "a/../../m.gguf", "/etc/m.gguf", "..", "m\x00.gguf", "m\n.gguf", "a/..", "//m.gguf"]
)
def test_names_that_lead_elsewhere_are_left_out(name: str) -> None:
    """What is downloaded lies in the repository's folder, even if its hub is not to be trusted."""
    assert set(listed(listing(sibling(name), sibling("m.gguf")))) == {"m.gguf"}


@pytest.mark.parametrize("name", ["a..b.gguf", "...gguf", "ü.gguf", "a/b/c.gguf"])
def test_odd_names_are_names(name: str) -> None:
    """Dots within a name lead nowhere."""
    assert set(listed(listing(sibling(name)))) == {name}


NONSENSE = {
    "a page": b"<!doctype html>",
    "nothing": b"",
    "a list": b"[]",
    "no files": b"{}",
    "another kind of files": b'{"siblings": {}}',
    "no UTF-8": b'{"siblings": [{"rfilename": "\xff"}]}',
    "depths": b'{"siblings": ' + b"[" * 100_000,
    "depths in what is not read": b'{"x": ' + b"[" * 100_000,
}


@pytest.mark.parametrize("body", NONSENSE.values(), ids=NONSENSE)
def test_what_is_no_hub(body: bytes) -> None:
    """Another server's answer is told as that."""
    with pytest.raises(ConfigError, match="http://hub does not answer as a model hub does"):
        listed(body)


def test_a_list_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reading stops where no real list would reach."""
    monkeypatch.setattr(hub, "LISTING_BYTES_MAX", 1000)
    with pytest.raises(ConfigError, match="is too long"):
        listed(b" " * 1001)


def test_a_hub_that_is_not_there() -> None:
    """How it failed is told."""
    with pytest.raises(ConfigError, match="http://hub cannot be reached: Connection refused"):
        listed(Unreachable("Connection refused"))


@pytest.mark.parametrize(
    ("status", "token", "words"),
    [
        (404, None, "If it is not public, set HF_TOKEN"),
        (401, None, "If it is not public, set HF_TOKEN"),
        (403, "t", "The token may not read it"),
        (500, None, "try again later"),
        (429, "t", "try again later"),
    ],
)
def test_a_refusal_comes_with_advice(status: int, token: str | None, words: str) -> None:
    """What can be done about it depends on the status and on whether there was a token, which is not shown."""
    said = advice(HubAccess(address="http://hub", token=token), Refused(status), "m.gguf")
    assert words in said
    assert f"status {status}" in said
    with pytest.raises(ConfigError, match=f"the repository o/r at main .*status {status}"):
        listed(Refused(status))
