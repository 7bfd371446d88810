"""What llama.cpp says in each event, when it is asked to, of the tokens that it has read and generated. Pure."""

from __future__ import annotations

import msgspec
from msgspec import Struct

from antiphon.chat import Usage


class _Timings(Struct):
    cache_n: int
    prompt_n: int
    predicted_n: int


class _Event(Struct):
    timings: _Timings


_decoder = msgspec.json.Decoder(_Event)


def spent(payload: bytes) -> Usage | None:
    """What the answer has taken up to this event, None when the event does not tell."""
    try:
        told = _decoder.decode(payload).timings
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return Usage(told.cache_n + told.prompt_n, told.predicted_n, cached_tokens=told.cache_n)
