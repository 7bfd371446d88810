"""The two addresses that generate: a chat's and a text completion's. Pure."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct

from antiphon.chat import Choice, Usage
from antiphon.engines import Job, chat_answer, text_wire, wire
from antiphon.engines.event_template import Decode


class Endpoint(Struct, frozen=True):
    """Where one kind of job goes, how it is written, how its answer is read; `param` is what a refusal is about."""

    path: str
    param: str
    encode: Callable[..., bytes]
    decode: Decode
    decode_whole: Callable[[bytes], tuple[Choice, Usage]]


CHAT = Endpoint("/v1/chat/completions", "messages", wire.encode, chat_answer.decode, chat_answer.decode_whole)
TEXT = Endpoint("/v1/completions", "prompt", text_wire.encode, text_wire.decode, text_wire.decode_whole)


def endpoint(job: Job) -> Endpoint:
    """Where a job goes."""
    return CHAT if job.prompt is None else TEXT
