"""Files and batches as OpenAI's clients know them. Pure."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from antiphon.batches.model import (
    EXPIRY_S_MAX,
    EXPIRY_S_MIN,
    KEY_CHARACTERS_MAX,
    METADATA_MAX,
    VALUE_CHARACTERS_MAX,
    Batch,
    Counts,
    Endpoint,
    File,
    Status,
)

FileId = Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[^\x00]*$")]
Label = Annotated[str, Meta(min_length=1, max_length=KEY_CHARACTERS_MAX, pattern=r"^[^\x00]*$")]
LabelValue = Annotated[str, Meta(max_length=VALUE_CHARACTERS_MAX, pattern=r"^[^\x00]*$")]


class Expiry(Struct):
    """When a file is to be deleted: so long after it was made."""

    anchor: Literal["created_at"]
    seconds: Annotated[int, Meta(ge=EXPIRY_S_MIN, le=EXPIRY_S_MAX)]


class BatchBody(Struct):
    """POST /v1/batches."""

    input_file_id: FileId
    endpoint: Endpoint
    completion_window: Literal["24h"]
    metadata: Annotated[dict[Label, LabelValue], Meta(max_length=METADATA_MAX)] | None = None
    output_expires_after: Expiry | None = None


class WireFile(Struct):
    """A file; times in seconds since 1970."""

    id: str
    bytes: int
    created_at: int
    expires_at: int
    filename: str
    purpose: str
    object: str = "file"
    status: str = "processed"


class WireFiles(Struct):
    """A part of a list; `last_id` goes into `after` for the following part."""

    data: list[WireFile]
    first_id: str | None
    last_id: str | None
    has_more: bool
    object: str = "list"


class WireDeletedFile(Struct):
    """A file that is gone."""

    id: str
    object: str = "file"
    deleted: bool = True


class WireFault(Struct):
    """What is wrong with a file of requests."""

    code: str
    message: str
    param: str | None
    line: int | None


class WireFaults(Struct):
    """The first of them."""

    data: list[WireFault]
    object: str = "list"


class WireCounts(Struct):
    """How many requests there are, and how many have been answered, well and otherwise."""

    total: int
    completed: int
    failed: int


class WireBatch(Struct):
    """A batch; times in seconds since 1970, null where it did not come to that."""

    id: str
    endpoint: str
    errors: WireFaults | None
    input_file_id: str
    status: Status
    output_file_id: str | None
    error_file_id: str | None
    created_at: int
    in_progress_at: int | None
    expires_at: int
    finalizing_at: int | None
    completed_at: int | None
    failed_at: int | None
    expired_at: int | None
    cancelling_at: int | None
    cancelled_at: int | None
    request_counts: WireCounts
    metadata: dict[str, str] | None
    completion_window: str = "24h"
    object: str = "batch"


class WireBatches(Struct):
    """A part of a list; `last_id` goes into `after` for the following part."""

    data: list[WireBatch]
    first_id: str | None
    last_id: str | None
    has_more: bool
    object: str = "list"


class FilesQuery(Struct):
    """Which files."""

    purpose: str = ""
    after: str = ""
    limit: int = 100
    order: Literal["desc", "asc"] = "desc"


class BatchesQuery(Struct):
    """Which batches."""

    after: str = ""
    limit: int = 20


def file(one: File) -> WireFile:
    """A file as clients see it."""
    created, expires = one.created_at_ms // 1000, one.expires_at_ms // 1000
    return WireFile(one.id, one.size_bytes, created, expires, one.name, one.purpose)


def batch(one: Batch, counts: Counts) -> WireBatch:
    """A batch as clients see it."""
    faults = [WireFault(fault.code, fault.message, fault.param, fault.line) for fault in one.faults]

    def at(status: Status) -> int | None:
        moment = one.moments.get(status)
        return None if moment is None else moment // 1000

    return WireBatch(
        id=one.id,
        endpoint=one.endpoint,
        errors=WireFaults(faults) if faults else None,
        input_file_id=one.input_file_id,
        status=one.status,
        output_file_id=one.output_file_id,
        error_file_id=one.error_file_id,
        created_at=one.created_at_ms // 1000,
        in_progress_at=at("in_progress"),
        expires_at=one.expires_at_ms // 1000,
        finalizing_at=at("finalizing"),
        completed_at=at("completed"),
        failed_at=at("failed"),
        expired_at=at("expired"),
        cancelling_at=at("cancelling"),
        cancelled_at=at("cancelled"),
        request_counts=WireCounts(one.total, counts.completed, counts.failed),
        metadata=one.metadata or None,
    )
