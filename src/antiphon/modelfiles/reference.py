"""Reads references to model files. Pure: what a text means, not whether the file exists."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import urlsplit

from msgspec import Struct

from antiphon.errors import ConfigError

REFERENCE_CHARACTERS_MAX = 2048
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
HUB_NAME = r"[A-Za-z0-9][A-Za-z0-9._-]{0,95}"
HUB = re.compile(
    rf"(?P<repo>{HUB_NAME}/{HUB_NAME})(?:/(?P<file>[^:@]+\.gguf))?(?::(?P<quant>[A-Za-z0-9_.-]{{1,40}}))?"
    r"(?:@(?P<revision>[A-Za-z0-9][A-Za-z0-9._/-]{0,99}))?"
)
SHA256 = re.compile(r"sha256=([0-9a-f]{64})")


class PathReference(Struct, frozen=True):
    """A file that is here already."""

    path: Path


class HubReference(Struct, frozen=True):
    """A file in a repository of the model hub, by name or by quantisation; neither: the usual one."""

    repo: str
    file: str | None
    quant: str | None
    revision: str


class URLReference(Struct, frozen=True):
    """A file on a web server; `sha256` comes after the `#`."""

    url: str
    name: str
    sha256: str | None


class NamedReference(Struct, frozen=True):
    """A name of ours."""

    name: str


Reference = PathReference | HubReference | URLReference | NamedReference


def parse(text: str, *, names: frozenset[str]) -> Reference:
    """What `text` refers to; `names` are the built-in ones. ConfigError says which forms there are."""
    if len(text) > REFERENCE_CHARACTERS_MAX:
        raise ConfigError(f"a model reference has at most {REFERENCE_CHARACTERS_MAX} characters")
    if text in names:
        return NamedReference(text)
    if text.startswith("hf:"):
        return _hub(text)
    if "://" in text:
        return _url(text)
    if text.endswith(".gguf"):
        return PathReference(Path(text).expanduser().absolute())
    raise ConfigError(
        f"{text!r} is no model reference: use one of {', '.join(sorted(names))}, a path that ends in .gguf, "
        "hf:OWNER/REPO:QUANTISATION, hf:OWNER/REPO/FILE.gguf or an https URL"
    )


def _hub(text: str) -> HubReference:
    match = HUB.fullmatch(text.removeprefix("hf:"))
    if match is None:
        raise ConfigError(
            f"{text!r} is no hub reference: write hf:OWNER/REPO/FILE.gguf or hf:OWNER/REPO:QUANTISATION, "
            "with @REVISION after it if wanted"
        )
    file, quant, revision = match["file"], match["quant"], match["revision"] or "main"
    if file and quant:
        raise ConfigError(f"{text!r} names both a file and a quantisation: leave one out")
    for part in (file or "").split("/") + revision.split("/"):
        if part in {".", ".."}:
            raise ConfigError(f"{text!r} has a {part!r} in it")
    return HubReference(match["repo"], file, quant, revision)


def _url(text: str) -> URLReference:
    parts = urlsplit(text)
    local = parts.scheme == "http" and parts.hostname in LOOPBACK
    if (parts.scheme != "https" and not local) or not parts.hostname:
        raise ConfigError(f"{text!r} is no https URL; plain http is for this machine only")
    if parts.username is not None:
        raise ConfigError("a model URL holds no user name or password")
    name = parts.path.rpartition("/")[2]
    if not re.fullmatch(r"[A-Za-z0-9._-]{1,200}\.gguf", name):
        raise ConfigError(f"{text!r} does not end in the name of a .gguf file")
    digest = SHA256.fullmatch(parts.fragment)
    if parts.fragment and digest is None:
        raise ConfigError(f"{text!r}: after the # comes sha256= and 64 hexadecimal digits")
    return URLReference(parts._replace(fragment="").geturl(), name, digest[1] if digest else None)
