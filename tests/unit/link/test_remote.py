"""A node as an engine, over a real broker: streams, whole answers, refusals, sizes, and what a cancelled reader means."""

from __future__ import annotations

import asyncio

import pytest

from antiphon.chat import Choice, Delta, Image, Logprob, Message, Text, ToolCallDelta, Usage
from antiphon.errors import BadRequest, EngineFailed, Saturated, Unavailable
from antiphon.engines.receipt import AnswerDigest, prompt_sha256
from msgspec.structs import replace

from .lab import JOB, USAGE, Lab, rest, soon


async def test_a_stream_comes_as_it_was_sent(linked: Lab) -> None:
    """Text in its order, the finish reason, the usage; what arrived together stays together."""
    link, node = await linked.gateway(), await linked.node()
    stream = await linked.engine(link).open(JOB)
    played = await node.engine.stream()
    played.feed("Hel", "lo")
    assert await stream.next(soon()) == [Delta(content="Hel"), Delta(content="lo")]
    assert stream.usage is None
    played.feed(" you", finish=True)
    assert await stream.next(soon()) == [Delta(content=" you"), Delta(finish_reason="stop")]
    assert await stream.next(soon()) == []
    assert stream.usage == USAGE
    stream.close()
    assert node.engine.jobs == [replace(JOB)]
