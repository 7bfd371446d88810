"""Files of requests and the batches that answer them: values, and the steps that a batch may take. Pure."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

Endpoint = Literal["/v1/chat/completions", "/v1/responses", "/v1/completions", "/v1/embeddings"]
Status = Literal["validating", "failed", "in_progress", "finalizing", "completed", "expired", "cancelling", "cancelled"]
RUNNING: tuple[Status, ...] = ("validating", "in_progress", "finalizing", "cancelling")

WINDOW_S = 24 * 3600
EXPIRY_S_MIN, EXPIRY_S_MAX = 3_600, 30 * 86_400  # that a client may ask for
METADATA_MAX = 16
KEY_CHARACTERS_MAX = 64
VALUE_CHARACTERS_MAX = 512


class File(Struct, frozen=True, kw_only=True):
    """A file of lines. One of answers has its `batch_id`, and whether they are the good ones."""

    id: str
    account: str
    purpose: str
    name: str
    size_bytes: int
    created_at_ms: int
    expires_at_ms: int
    batch_id: str | None = None
    good: bool | None = None


class Fault(Struct, frozen=True):
    """What is wrong with a file of requests; `line` counts from 1, None: with all of it."""

    code: str
    message: str
    line: int | None = None
    param: str | None = None


class Batch(Struct, frozen=True, kw_only=True):
    """Many requests to one endpoint. The key that made it is found again by its id, else by its name.

    `answers_s`: how long its answers are kept, None: as the gateway keeps files. `moments` are when it came to each
    status, in milliseconds since 1970.
    """

    id: str
    account: str
    key_id: str
    key_name: str
    endpoint: Endpoint
    input_file_id: str
    created_at_ms: int
    status: Status = "validating"
    metadata: dict[str, str] = {}
    moments: dict[Status, int] = {}
    faults: tuple[Fault, ...] = ()
    total: int = 0
    output_file_id: str | None = None
    error_file_id: str | None = None
    answers_s: int | None = None

    @property
    def expires_at_ms(self) -> int:
        """When its window closes."""
        return self.created_at_ms + WINDOW_S * 1000

    def become(self, status: Status, now_ms: int) -> Batch:
        """The batch in its next status."""
        return replace(self, status=status, moments=self.moments | {status: now_ms})


class Counts(Struct, frozen=True):
    """How many requests of a batch have been answered, well and otherwise."""

    completed: int = 0
    failed: int = 0
