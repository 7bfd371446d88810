"""The development key: made once, kept in the data folder with mode 0600, the same at every start."""

from __future__ import annotations

import os
from pathlib import Path

from antiphon.accounts.keys import mint, well_formed
from antiphon.errors import ConfigError

FILE_NAME = "development-key"


def development_key(data_dir: Path) -> str:
    """The key in `data_dir`, made if it is missing; ConfigError when the folder cannot be used."""
    path = data_dir.expanduser() / FILE_NAME
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        known = path.read_bytes().decode("ascii", "replace").strip() if path.exists() else ""
        if well_formed(known):
            path.chmod(0o600)
            return known
        key = mint("test")
        path.unlink(missing_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(key + "\n")
    except OSError as error:
        raise ConfigError(f"data_dir: {path.parent} cannot be used: {error.strerror}.") from error
    return key
