"""What a node tells of itself while it runs, for whoever started it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from msgspec import Struct

Kind = Literal["machine", "joined", "progress", "model", "speed", "serving", "trouble", "stopping", "left"]


class Announcement(Struct, frozen=True):
    """One step. `text` is for people: the machine, why a model is in a bad state, what is wrong."""

    kind: Kind
    name: str = ""  # of the node, or of a model
    state: str = ""
    text: str = ""
    models: tuple[str, ...] = ()
    slots: int = 0
    done: int = 0
    total: int | None = None
    prefill: float | None = None
    decode: float | None = None


Announce = Callable[[Announcement], None]
