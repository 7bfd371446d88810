"""The model hub: which files a repository has, their digests and their addresses."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from urllib.parse import quote

import msgspec
from msgspec import Struct

from antiphon.errors import ConfigError
from antiphon.modelfiles.model import HubAccess
from antiphon.modelfiles.transport import Refused, Transport, Unreachable, read

LISTING_BYTES_MAX = 16 * 1024 * 1024
SHA256 = re.compile(r"[0-9a-f]{64}")


class _LargeFile(Struct):
    sha256: str
    size: int


class _Sibling(Struct):
    rfilename: str
    lfs: _LargeFile | None = None


class _Listing(Struct):
    siblings: list[_Sibling]


class HubFile(Struct, frozen=True, kw_only=True):
    """A file of a repository."""

    name: str
    sha256: str
    size_bytes: int


def list_files(access: HubAccess, transport: Transport, *, repo: str, revision: str) -> dict[str, HubFile]:
    """The repository's large files by name. ConfigError says what to do when the hub does not tell."""
    url = f"{access.address}/api/models/{repo}/revision/{quote(revision, safe='')}?blobs=true"
    try:
        with transport.get(url, {"Accept": "application/json"}) as answer:
            body = b""
            while piece := read(answer, LISTING_BYTES_MAX):
                body += piece
                if len(body) > LISTING_BYTES_MAX:
                    raise ConfigError(f"the hub's list of files of {repo} is too long")
        listing = msgspec.json.decode(body, type=_Listing)
    except Refused as error:
        raise ConfigError(advice(access, error, f"the repository {repo} at {revision}")) from error
    except Unreachable as error:
        raise ConfigError(f"the model hub {access.address} cannot be reached: {error}") from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ConfigError(f"{access.address} does not answer as a model hub does: {error}") from error
    return {
        one.rfilename: HubFile(name=one.rfilename, sha256=one.lfs.sha256, size_bytes=one.lfs.size)
        for one in listing.siblings
        if one.lfs is not None and SHA256.fullmatch(one.lfs.sha256) and _stays_inside(one.rfilename)
    }


def _stays_inside(name: str) -> bool:
    """Whether a file of that name lies within its repository's folder: a hub does not choose where else we write."""
    path = PurePosixPath(name)
    return name.isprintable() and not path.is_absolute() and ".." not in path.parts


def file_url(access: HubAccess, *, repo: str, revision: str, name: str) -> str:
    """Where a file is downloaded from; the hub redirects to its storage."""
    return f"{access.address}/{repo}/resolve/{quote(revision, safe='')}/{quote(name)}"


def advice(access: HubAccess, error: Refused, what: str) -> str:
    """What to do about the hub's refusal."""
    if error.status in {401, 403, 404}:
        with_token = "The token may not read it" if access.token else "If it is not public, set HF_TOKEN"
        return f"the model hub has no {what} for us (status {error.status}). {with_token}; else correct the reference."
    return f"the model hub failed for {what} (status {error.status}): try again later"
