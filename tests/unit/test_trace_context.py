"""Tests of W3C Trace Context: what is read, what is passed on, and what is taken for absent."""

from __future__ import annotations

import pytest

from antiphon.trace_context import TraceContext, read, span_id, told

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
PARENT = f"00-{TRACE}-{SPAN}-01".encode()


def test_a_parent_is_read_with_its_state() -> None:
    """The state goes along as it came."""
    found = read({b"traceparent": PARENT, b"tracestate": b"rojo=1,congo=t61"})
    assert found == TraceContext(TRACE, SPAN, sampled=True, state="rojo=1,congo=t61")
    assert found.traceparent.encode() == PARENT


def test_a_request_may_have_no_parent() -> None:
    """Then there is none, whatever its state says."""
    assert read({b"tracestate": b"rojo=1"}) is None


@pytest.mark.parametrize(
    "parent",
    [
        b"",
        b"00",
        PARENT + b"-more",
        PARENT.upper(),
        PARENT.replace(b"00-", b"ff-", 1),
        b"00-" + b"0" * 32 + f"-{SPAN}-01".encode(),
        f"00-{TRACE}-".encode() + b"0" * 16 + b"-01",
        PARENT + b"\r\nx-other: 1",
    ],
)
def test_what_cannot_be_read_is_not_there(parent: bytes) -> None:
    """The trace begins anew, as the standard asks."""
    assert told(parent) is None


def test_a_later_version_may_say_more() -> None:
    """What this one knows of it is read."""
    assert told(b"01" + PARENT[2:] + b"-more") == TraceContext(TRACE, SPAN, sampled=True)


@pytest.mark.parametrize("flags", [b"00", b"02"])
def test_only_one_flag_is_known(flags: bytes) -> None:
    """Whether the trace is sampled."""
    found = told(PARENT[:-2] + flags)
    assert found is not None
    assert not found.sampled
    assert found.traceparent.endswith("-00")


@pytest.mark.parametrize("state", [b"a=" + b"b" * 600, b"a=\xff", b"a=1\r\nx-other: 1"])
def test_a_state_that_no_header_should_hold_is_left_out(state: bytes) -> None:
    """The parent stays."""
    assert told(PARENT, state) == TraceContext(TRACE, SPAN, sampled=True)


def test_a_child_has_an_id_of_its_name() -> None:
    """The same every time, within the same trace."""
    parent = TraceContext(TRACE, SPAN, sampled=True, state="a=1")
    assert parent.child("att-1") == TraceContext(TRACE, span_id("att-1"), sampled=True, state="a=1")
    assert parent.child("att-1") != parent.child("att-2")
    assert len(span_id("att-1")) == 16
