"""Tests of the log: its levels, its two forms, and what it never holds."""

from __future__ import annotations

import io
from typing import Literal

import msgspec
import pytest

from antiphon.key import Key
from antiphon.observe.logs import Log
from tests.unit.http.recording import exchange_of


class Terminal(io.StringIO):
    """A stream that people read."""

    def isatty(self) -> bool:
        """It says so."""
        return True


def log(stream: io.StringIO, *, form: Literal["auto", "json", "text"] = "json", level: str = "info") -> Log:
    """A log whose clock stands at 5 s."""
    return Log(form=form, level=level, stream=stream, now=lambda: 5.0)


def test_a_json_line_holds_time_level_message_and_fields() -> None:
    """One object a line, line breaks within it escaped."""
    stream = io.StringIO()
    log(stream).info("two\nlines", model="m", size_bytes=3)
    assert stream.getvalue().count("\n") == 1
    assert msgspec.json.decode(stream.getvalue()) == {
        "time": 5.0,
        "level": "info",
        "message": "two\nlines",
        "model": "m",
        "size_bytes": 3,
    }


def test_a_text_line_is_for_people() -> None:
    """Level, message, then the fields; no blank at the end."""
    stream = io.StringIO()
    made = log(stream, form="text")
    made.warning("the engine is slow", model="m")
    made.error("nothing works")
    assert stream.getvalue() == "warning: the engine is slow model=m\nerror: nothing works\n"


@pytest.mark.parametrize(("stream", "begins"), [(Terminal(), "info: "), (io.StringIO(), "{")])
def test_the_form_follows_who_reads(stream: io.StringIO, begins: str) -> None:
    """Text on a terminal, JSON elsewhere."""
    log(stream, form="auto").info("hello")
    assert stream.getvalue().startswith(begins)


@pytest.mark.parametrize(
    ("level", "expected"),
    [
        ("debug", ["info", "warning", "error"]),
        ("info", ["info", "warning", "error"]),
        ("warning", ["warning", "error"]),
        ("error", ["error"]),
    ],
)
def test_lines_below_the_level_are_left_out(level: str, expected: list[str]) -> None:
    """A level shows itself and what is worse."""
    stream = io.StringIO()
    made = log(stream, level=level)
    made.info("a")
    made.warning("b")
    made.error("c")
    assert [msgspec.json.decode(line)["level"] for line in stream.getvalue().splitlines()] == expected


@pytest.mark.parametrize("form", ["json", "text"])
def test_a_mistake_is_told_with_its_trace(form: Literal["json", "text"]) -> None:
    """The trace of the error being handled, once."""
    stream = io.StringIO()
    try:
        raise ZeroDivisionError("by nothing")
    except ZeroDivisionError:
        log(stream, form=form).exception("unhandled error", request_id="req_1")
    assert stream.getvalue().count("ZeroDivisionError: by nothing") == 1
    assert "req_1" in stream.getvalue()


def test_an_access_line_names_the_key_and_never_holds_it() -> None:
    """Who asked for what, how it went and how long it took; no header, no query, no path of the caller's making."""
    stream = io.StringIO()
    headers = {b"authorization": b"Bearer sk-secret", b"cookie": b"sk-secret"}
    exchange, _ = exchange_of("GET", "/v1/models/sk-secret", headers)
    exchange.query = "key=sk-secret"
    exchange.key = Key("alice")
    exchange.request_id, exchange.route, exchange.status = "req_1", "/v1/models/{model}", 200
    log(stream).access(exchange, 0.01234)
    assert "sk-secret" not in stream.getvalue()
    assert msgspec.json.decode(stream.getvalue()) == {
        "time": 5.0,
        "level": "info",
        "message": "request",
        "request_id": "req_1",
        "method": "GET",
        "route": "/v1/models/{model}",
        "status": 200,
        "duration_ms": 12.3,
        "key": "alice",
    }


def test_an_access_line_names_a_stored_key_by_its_id() -> None:
    """Its name is its owner's choice, and others may have the same."""
    stream = io.StringIO()
    exchange, _ = exchange_of("GET", "/v1/models")
    exchange.key = Key("alice", id="key_1")
    log(stream).access(exchange, 0.0)
    assert msgspec.json.decode(stream.getvalue())["key"] == "key_1"
