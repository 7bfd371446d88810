"""A file of requests looked at as a whole, before any of them is sent. Pure but for reading on."""

from __future__ import annotations

from collections.abc import AsyncIterator

from msgspec import Struct

from antiphon.batches.lines import FAULTS_MAX, numbered, read
from antiphon.batches.model import Endpoint, Fault


class Checked(Struct, frozen=True):
    """How many requests a file has, and what is wrong with them; the first faults only."""

    total: int
    faults: tuple[Fault, ...]


async def check(pieces: AsyncIterator[str], endpoint: Endpoint, requests_max: int) -> Checked:
    """What there is to say of the file; it is read to its end, or to where enough is wrong."""
    seen: set[str] = set()
    faults: list[Fault] = []
    total = 0
    async for piece in pieces:
        for number, text in numbered(piece, total):
            total = number + 1
            line = read(number, text, endpoint)
            if isinstance(line, Fault):
                faults.append(line)
            elif line.custom_id in seen:
                rule = f"custom_id: {line.custom_id[:64]!r} stands there twice."
                faults.append(Fault("duplicate_custom_id", rule, total, "custom_id"))
            else:
                seen.add(line.custom_id)
        if total > requests_max:
            return Checked(total, (Fault("too_many_requests", f"Expected at most {requests_max} requests."),))
        if len(faults) >= FAULTS_MAX:
            return Checked(total, tuple(faults[:FAULTS_MAX]))
    if not total:
        faults.append(Fault("empty_file", "There is no request in the file."))
    return Checked(total, tuple(faults))
