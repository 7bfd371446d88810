"""Bodies: a job arrives as it was meant, and nothing goes to a node that is none of its business."""

from __future__ import annotations

import msgspec
import pytest
from msgspec.structs import fields, replace

from antiphon.chat import (
    Choice,
    Image,
    Message,
    NamedTool,
    ResponseFormat,
    Sampling,
    Text,
    Tool,
    ToolCall,
    Usage,
)
from antiphon.engines import Job
from antiphon.engines.thought import Thinking
from antiphon.errors import EngineFailed
from antiphon.link import bodies

FULL = Job(
    "m",
    (
        Message("system", "Be kind."),
        Message("user", (Text("What is this?"), Image("data:image/png;base64,AAAA"), Text("")), name="bob"),
        Message("assistant", None, tool_calls=(ToolCall("call_1", "f", "{}"),), reasoning="hm"),
        Message("tool", "42", tool_call_id="call_1"),
    ),
    Sampling(max_tokens=9, temperature=0.5, seed=7, logit_bias={"5": -100.0}, stop=("\n",), logprobs=True),
    tools=(Tool("f", "does", {"type": "object"}, strict=True),),
    tool_choice=NamedTool("f"),
    parallel_tool_calls=False,
    grammar="root ::= [0-9]+",
    response_format=ResponseFormat("json_schema", "s", {"type": "number"}),
    thinking=Thinking(enabled=True, tokens_max=50, level="low"),
    calls_in_text=True,
    attempt="att_1",
    deadline_s=12.5,
    request_id="req_1",
    traceparent="00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
    tracestate="a=1",
)


@pytest.mark.parametrize(
    "job", [FULL, Job("m", (), Sampling(), prompt="Once"), Job("m", (), Sampling(), prompt=(1, 2, 3))]
)
def test_a_job_arrives_as_it_was_sent(job: Job) -> None:
    """Every field, of every kind that it may hold."""
    assert bodies.read_job(bodies.encode(job)) == job


def test_every_field_of_a_job_travels() -> None:
    """One that is added to `Job` is added here, or is for nobody but the gateway."""
    assert {field.name for field in fields(Job)} - {field.name for field in fields(bodies._Job)} == {"user"}
    assert {field.name for field in fields(Message)} - {field.name for field in fields(bodies._Message)} == {
        "completion_id",
        "metadata",
    }


def test_who_asks_stays_here() -> None:
    """Notes, ids and users are left out; a job without any is not copied needlessly."""
    noted = replace(FULL, user="alice", messages=(Message("user", "Hi", completion_id="c", metadata={"a": 1}),))
    assert bodies.for_node(noted) == replace(FULL, messages=(Message("user", "Hi"),))
    assert b"alice" not in bodies.encode(bodies.for_node(noted))
    assert bodies.for_node(FULL).messages is FULL.messages


def test_fields_of_a_later_version_are_left_alone() -> None:
    """A gateway of the next version may ask for more."""
    told = msgspec.msgpack.decode(bodies.encode(FULL))
    assert bodies.read_job(bodies.encode({**told, "speculative": True})) == FULL


def test_an_answer_is_what_it_should_be() -> None:
    """Else it is the node's failure."""
    answer = bodies.WholeAnswer(Choice(content="a"), Usage(1, 2))
    assert bodies.read(bodies.answers, bodies.encode(answer)) == answer
    for body in (b"", b"\xc1", bodies.encode({"choice": 5}), bodies.encode([1]), b"\x91" * 5_000):
        with pytest.raises(EngineFailed, match="not what it should be"):
            bodies.read(bodies.answers, body)


@pytest.mark.parametrize("field", ["request_id", "attempt", "traceparent"])
def test_an_id_is_no_way_into_a_header(field: str) -> None:
    """The node's engine is told of them, so a gateway may write nothing else into them."""
    for bad in ("a\r\nauthorization: Bearer x", "a\n", "a b", "a" * 129):
        with pytest.raises(msgspec.DecodeError):
            bodies.read_job(bodies.encode(replace(FULL, **{field: bad})))


@pytest.mark.parametrize("bad", ["a=1\r\nx: y", "a=é", "a=" + "b" * 511])
def test_a_trace_s_state_is_no_way_into_a_header(bad: str) -> None:
    """It goes on as it came, or not at all."""
    with pytest.raises(msgspec.DecodeError):
        bodies.read_job(bodies.encode(replace(FULL, tracestate=bad)))
