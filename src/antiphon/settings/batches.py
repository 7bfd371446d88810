"""The settings of files and batches."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from antiphon.settings.bounds import Bytes, Count


class BatchSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Files of requests that are answered when there is room for them."""

    parallel: Annotated[
        Annotated[int, Meta(ge=1, le=1_024)],
        Meta(description="Requests of batches that one gateway has under way at once."),
    ] = 4
    per_account_max: Annotated[Count, Meta(description="Batches of one account that are not over.")] = 20
    requests_max: Annotated[Count, Meta(description="Requests in one batch.")] = 50_000
    file_bytes_max: Annotated[
        Bytes,
        Meta(description="Largest file; `server.body_bytes_max` bounds the upload too."),
    ] = 32 * 1024 * 1024
    keep_days: Annotated[
        Annotated[int, Meta(ge=1, le=36_500)],
        Meta(description="Days until a file is deleted, and a batch that is over forgotten."),
    ] = 30
