"""A file that is there whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from antiphon.errors import ConfigError


@contextmanager
def appearing(file: Path) -> Iterator[Path]:
    """An empty file to write into, which takes the name `file` once all of it is on the disk; never another's name."""
    part = file.with_name(f"{file.name}.part")
    if file.exists():
        raise ConfigError(f"{file} is there already.")
    try:
        os.close(os.open(part, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    except FileExistsError:
        raise ConfigError(f"{part} is there: somebody writes it, or was broken off; then remove it.") from None
    except OSError as error:
        raise ConfigError(f"{file} cannot be written: {error.strerror}.") from error
    try:
        yield part
        _sync(part)
        _name(part, file)
        _sync(file.parent)
    except FileExistsError:
        raise ConfigError(f"{file} is there already.") from None
    except OSError as error:
        raise ConfigError(f"{file} cannot be written: {error.strerror}.") from error
    finally:
        part.unlink(missing_ok=True)


def _name(part: Path, file: Path) -> None:
    """Give it the name; FileExistsError where something has it by now: a gateway may have started meanwhile."""
    try:
        os.link(part, file)  # unlike `rename` it takes nobody's place
    except FileExistsError:
        raise
    except OSError:  # on a file system where no file has two names
        part.rename(file)


def _sync(path: Path) -> None:
    """Have the disk keep a file, or the names in a folder."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
