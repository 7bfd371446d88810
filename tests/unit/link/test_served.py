"""One attempt on its node: what a node's log is told of it."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from antiphon.errors import EngineFailed
from antiphon.link.served import Done

from .lab import JOB, Lab, rest

NAMED = replace(JOB, attempt="att-1", request_id="req_1")


async def test_a_finished_attempt_is_told_by_its_ids(linked: Lab) -> None:
    """A stream and a plain answer; what only counts is no attempt."""
    told: list[Done] = []
    link, node = await linked.gateway(), await linked.node(on_done=told.append)
    engine = linked.engine(link)
    await engine.count_prompt_tokens(NAMED)
    stream = await engine.open(NAMED)
    (await node.engine.stream()).feed("Hello", finish=True)
    await rest(stream)
    await engine.complete(replace(NAMED, attempt="att-2"))
    assert [(one.request_id, one.attempt, one.model, one.failure) for one in told] == [
        ("req_1", "att-1", "m", None),
        ("req_1", "att-2", "m", None),
    ]


async def test_a_failed_attempt_says_how(linked: Lab) -> None:
    """By the kind of failure that the gateway is told, never by a text."""
    told: list[Done] = []
    link, node = await linked.gateway(), await linked.node(on_done=told.append)
    node.engine.refuses = EngineFailed("secret")
    with pytest.raises(EngineFailed):
        await linked.engine(link).complete(NAMED)
    assert [(one.attempt, one.failure) for one in told] == [("att-1", "failed")]
    assert "secret" not in repr(told)
