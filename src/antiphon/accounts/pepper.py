"""Peppers: what digests of stored keys are keyed with, kept outside the database, so that its rows alone prove nothing.

A row names the pepper that it was made under. To change peppers, set a new one and list the old ones as former: keys
that were made under them stay good for as long as they are listed.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import os
import secrets
import tempfile
from collections.abc import Sequence
from pathlib import Path

from antiphon.errors import ConfigError

FILE_NAME = "pepper"
BYTES = 32
ID_CHARACTERS = 12
CHARACTERS_MIN = 32  # of a pepper that somebody sets


class Pepper:
    """One secret. Its id tells peppers apart and gives nothing of the secret away."""

    __slots__ = ("_secret", "id")

    def __init__(self, secret: str) -> None:
        self._secret = secret.encode()
        self.id = hashlib.sha256(b"antiphon pepper id" + self._secret).hexdigest()[:ID_CHARACTERS]

    def digest(self, key: str) -> str:
        """What is kept of a key: HMAC-SHA-256, hexadecimal. 256 random bits need no slow hash."""
        return hmac.digest(self._secret, key.encode(), "sha256").hex()

    @property
    def secret(self) -> bytes:
        """The secret itself; other secrets are derived from it."""
        return self._secret

    def __repr__(self) -> str:
        return f"Pepper({self.id})"


def peppers(data_dir: Path, current: str | None, former: Sequence[str]) -> tuple[Pepper, ...]:
    """The pepper of new keys, then the former ones; without `current` it is the one kept in `data_dir`."""
    texts = (kept_pepper(data_dir) if current is None else current, *former)
    return tuple(Pepper(text) for text in dict.fromkeys(texts))


def kept_pepper(data_dir: Path) -> str:
    """The pepper in `data_dir`, made if it is missing; ConfigError when the folder cannot be used.

    Of processes that start at once, one makes it and all read the same.
    """
    path = data_dir.expanduser() / FILE_NAME
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not path.exists():
            _make(path)
        text = path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"auth.pepper: {path} cannot be used: {error}.") from error
    if len(text) < CHARACTERS_MIN:
        raise ConfigError(f"auth.pepper: {path} holds no pepper: restore it, or all keys in the database are void.")
    return text


def _make(path: Path) -> None:
    """Write it whole, then give it its name: nobody ever reads a half of it, and the first name stays."""
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f"{FILE_NAME}.")  # with mode 0600
    draft = Path(name)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_hex(BYTES) + "\n")
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):
            path.hardlink_to(draft)
    finally:
        draft.unlink(missing_ok=True)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)  # keys are worth nothing without it, so it has to be there before the first of them
    finally:
        os.close(folder)
