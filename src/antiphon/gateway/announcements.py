"""What a gateway tells of its start and its end, to whoever shows it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from msgspec import Struct


class Announcement(Struct, frozen=True):
    """A step of the start, or of the end. `done` and `total` are bytes of a model file under way."""

    kind: Literal["listening", "model", "progress", "ready", "stopping"]
    base_url: str = ""
    development_key: str | None = None
    model: str = ""
    state: str = ""
    detail: str = ""
    done: int = 0
    total: int | None = None
    embeds: bool = False  # the model makes embeddings
    console: str = ""  # its address, where there is one


Announce = Callable[[Announcement], None]
