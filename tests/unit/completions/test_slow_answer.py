"""Plain answers that may be preceded by blank lines."""

from __future__ import annotations

import pytest

from antiphon.completions.slow_answer import SlowAnswer
from antiphon.errors import DeadlineExceeded
from tests.unit.http.recording import exchange_of

EXTRA = ((b"x-ignored-fields", b"a"),)


def test_in_time() -> None:
    """One response with a length, its headers, and no blank line."""
    exchange, wire = exchange_of("POST", "/")
    SlowAnswer(exchange, EXTRA).finish(b"{}")
    assert (wire.status, wire.body, wire.headers["x-ignored-fields"]) == (200, b"{}", "a")


def test_slowly() -> None:
    """The status is said with the first blank line, the answer follows as it is."""
    exchange, wire = exchange_of("POST", "/")
    answer = SlowAnswer(exchange, EXTRA)
    answer.beat()
    answer.beat()
    answer.finish(b"{}")
    assert (wire.status, wire.headers["x-ignored-fields"]) == (200, "a")
    assert wire.body == b"1\r\n\n\r\n1\r\n\n\r\n2\r\n{}\r\n0\r\n\r\n"


def test_failure() -> None:
    """With a status of its own before the first blank line, as JSON behind it afterwards."""
    exchange, wire = exchange_of("POST", "/")
    answer = SlowAnswer(exchange, ())
    with pytest.raises(DeadlineExceeded):
        answer.fail(DeadlineExceeded(), "error")
    answer.beat()
    answer.fail(DeadlineExceeded("Too late."), "error")
    assert b'{"error":"Too late."}' in wire.body


def test_late_headers() -> None:
    """They are told where the head is not out yet."""
    for beats, told in ((0, True), (1, False)):
        exchange, wire = exchange_of("POST", "/")
        answer = SlowAnswer(exchange, ())
        for _ in range(beats):
            answer.beat()
        answer.finish(b"{}", (b"x-credits-cost", b"1"))
        assert ("x-credits-cost" in wire.headers) is told
