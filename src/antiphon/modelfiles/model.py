"""The words of this package: a file found, progress on the way to it, and how the hub is reached."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Literal

from msgspec import Struct

PUBLIC_HUB = "https://huggingface.co"

Step = Literal["downloading", "checking", "waiting"]


class Progress(Struct, frozen=True):
    """How far a file is; `total_bytes` is None while nobody knows. `waiting`: another process downloads it."""

    name: str
    done_bytes: int
    total_bytes: int | None = None
    step: Step = "downloading"


# Called at least every few seconds. An exception from it ends the work; what was downloaded is kept for the next time.
Report = Callable[[Progress], None]


class ModelFile(Struct, frozen=True, kw_only=True):
    """A whole file, checked by digest. Of a model in several parts it is the first; llama.cpp finds the others."""

    path: Path
    sha256: str
    size_bytes: int


class HubAccess(Struct, frozen=True, kw_only=True):
    """How the model hub is reached.

    `cache_dir` is the folder of the hub's own tools (`HF_HOME`; None: the usual one), looked into, never written to.
    """

    address: str = PUBLIC_HUB
    token: str | None = None
    cache_dir: Path | None = None

    def __repr__(self) -> str:
        """Without the token, which must not reach a log."""
        return f"HubAccess({self.address!r})"
