"""What the hub's own tools left on this machine: files that they downloaded, the token of a login. Read only."""

from __future__ import annotations

import re
from pathlib import Path

from antiphon.modelfiles.model import HubAccess

DEFAULT_HOME = Path("~/.cache/huggingface")
TOKEN_CHARACTERS_MAX = 512
TOKEN = re.compile(r"[A-Za-z0-9_.~+/=-]+")
COMMIT = re.compile(r"[0-9a-f]{40}")
SHA256 = re.compile(r"[0-9a-f]{64}")


def cached_files(access: HubAccess, *, repo: str, revision: str) -> dict[str, Path]:
    """What the hub's own cache has of a repository, by name; empty without a cache."""
    home = _home(access)
    for root in (home / "hub", home):
        folder = root / ("models--" + repo.replace("/", "--"))
        snapshot = folder / "snapshots" / _commit(folder, revision)
        found = {str(path.relative_to(snapshot)): path for path in snapshot.rglob("*.gguf") if path.is_file()}
        if found:
            return found
    return {}


def cached_sha256(path: Path) -> str | None:
    """The digest that a file of the cache should have: the name of the blob that it links to."""
    name = path.resolve().name
    return name if SHA256.fullmatch(name) else None


def token(access: HubAccess) -> str | None:
    """The token that was given, else the one that the hub's own tools keep after a login."""
    if access.token:
        return access.token
    try:
        kept = (_home(access) / "token").read_text(encoding="ascii")[:TOKEN_CHARACTERS_MAX].strip()
    except (OSError, UnicodeDecodeError):
        return None
    return kept if TOKEN.fullmatch(kept) else None


def _home(access: HubAccess) -> Path:
    return (access.cache_dir or DEFAULT_HOME).expanduser()


def _commit(folder: Path, revision: str) -> str:
    if COMMIT.fullmatch(revision):
        return revision
    try:
        text = (folder / "refs" / revision).read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        return "none"
    return text if COMMIT.fullmatch(text) else "none"
