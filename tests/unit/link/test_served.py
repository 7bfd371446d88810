"""One attempt on its node: what a node's log is told of it."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from antiphon.errors import EngineFailed
from antiphon.link.served import Done
from antiphon.trace_context import TraceContext

from .lab import JOB, Lab, rest

PARENT = TraceContext("4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7", sampled=True, state="a=1")
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


@pytest.mark.parametrize("traces", [True, False])
async def test_a_trace_goes_on_at_the_node_s_engine(linked: Lab, traces: bool) -> None:
    """Below a span of the node's own, where it makes some; else below the gateway's."""
    told: list[Done] = []
    link, node = await linked.gateway(), await linked.node(on_done=told.append, traces=traces)
    await linked.engine(link).complete(replace(NAMED, traceparent=PARENT.traceparent, tracestate=PARENT.state))
    (job,) = node.engine.jobs
    own = PARENT.child("n1/att-1")
    assert (job.traceparent, job.tracestate) == ((own if traces else PARENT).traceparent, "a=1")
    assert [(one.parent, one.span) for one in told] == [(PARENT, own) if traces else (None, None)]
