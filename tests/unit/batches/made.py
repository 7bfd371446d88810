"""Files and batches for tests: on a database, with a clock that stands still and ids that repeat."""

from __future__ import annotations

import json
from typing import Any, Final

from antiphon.batches.files import Files
from antiphon.batches.model import Batch, File
from antiphon.clock import ManualClock
from antiphon.db import Database
from antiphon.ids import seeded
from antiphon.key import Key

NOW_MS = 1_700_000_000_000
CHAT: Final = "/v1/chat/completions"
ANN, BOB = Key("ann"), Key("bob")


def request(name: str, **changes: Any) -> dict[str, Any]:  # Any: JSON
    """A request of a batch."""
    return {"custom_id": name, "method": "POST", "url": CHAT, "body": {"model": "m", "prompt": name}} | changes


def text(*requests: dict[str, Any]) -> str:  # Any: JSON
    """The lines of a file."""
    return "".join(json.dumps(one) + "\n" for one in requests)


def named(count: int) -> bytes:
    """A file of so many requests."""
    return text(*(request(f"n{number}") for number in range(count))).encode()


def batch(number: int = 1, **changes: Any) -> Batch:  # Any: fields of several types
    """A batch of Ann's; `changes` are its fields."""
    fields: dict[str, Any] = {
        "id": f"batch_{number}",
        "account": "ann",
        "key_id": "",
        "key_name": "ann",
        "endpoint": CHAT,
        "input_file_id": "file-1",
        "created_at_ms": NOW_MS + number,
    }
    return Batch(**(fields | changes))


def file(number: int = 1, **changes: Any) -> File:  # Any: fields of several types
    """A file of Ann's; `changes` are its fields."""
    fields: dict[str, Any] = {
        "id": f"file-{number}",
        "account": "ann",
        "purpose": "batch",
        "name": "asked.jsonl",
        "size_bytes": 10,
        "created_at_ms": NOW_MS + number,
        "expires_at_ms": NOW_MS + 1_000,
    }
    return File(**(fields | changes))


def files_of(database: Database, clock: ManualClock | None = None, *, size_bytes_max: int = 1 << 20) -> Files:
    """The files of a database, kept for two days."""
    clock = clock or ManualClock(NOW_MS / 1000)
    return Files(database, size_bytes_max=size_bytes_max, keep_days=2, clock=clock, ids=seeded(1))
