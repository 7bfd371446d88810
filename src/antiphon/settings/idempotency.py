"""The settings of answers that may be asked for again by their Idempotency-Key."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from antiphon.settings.bounds import Bytes


class IdempotencySettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Answers to requests with an `Idempotency-Key`, kept so that they can be given again."""

    keep_s: Annotated[
        Annotated[int, Meta(ge=60, le=30 * 86_400)],
        Meta(description="Time for which an answer is kept and its key stands for it."),
    ] = 86_400
    answer_bytes_max: Annotated[Bytes, Meta(description="Largest answer that is kept.")] = 4 * 1024 * 1024
    account_bytes_max: Annotated[
        Bytes,
        Meta(description="What all answers of one account may take in the database, packed; the oldest go first."),
    ] = 64 * 1024 * 1024
    memory_bytes_max: Annotated[
        Bytes,
        Meta(description="What all such answers under way may take in memory; what comes beyond is not kept."),
    ] = 256 * 1024 * 1024
