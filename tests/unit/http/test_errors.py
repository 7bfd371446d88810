"""Tests of errors on the wire: their form, their headers, their body."""

from __future__ import annotations

from typing import Literal

import msgspec
import pytest

from antiphon import errors as kinds
from antiphon.http.errors import body, error_event, form, headers

DRIA = "Bearer dkn_live_abc"
OTHER = "Bearer sk-abc"


@pytest.mark.parametrize(
    ("accept", "authorization", "expected"),
    [
        ("", OTHER, "json"),
        ("", "", "json"),
        ("", DRIA, "text"),
        ("", "bearer dkn_test_abc", "text"),
        ("*/*", DRIA, "text"),
        ("*/*", OTHER, "json"),
        ("application/json", DRIA, "json"),
        ("APPLICATION/JSON", DRIA, "json"),
        ("text/plain", OTHER, "text"),
        ("text/html, text/plain;q=0.5", OTHER, "text"),
        ("text/plain;q=0.5, application/json", DRIA, "json"),
        ("text/plain, application/json; q=0.9", OTHER, "text"),
        ("text/plain, application/json", DRIA, "json"),
        ("text/plain;q=0", OTHER, "json"),
        ("application/json;q=0", DRIA, "text"),
        ("text/plain;q=1.2.3", OTHER, "json"),
        ("text/event-stream", OTHER, "json"),
        ("", "Bearer sk-with-dkn_inside", "json"),
    ],
)
def test_the_form_follows_accept_then_the_key(accept: str, authorization: str, expected: str) -> None:
    """What Accept prefers goes first, a `dkn_` key gets text, everybody else JSON."""
    assert form(accept, authorization, "auto") == expected


@pytest.mark.parametrize(
    ("path", "expected"),
    [("/v1/auth/wallet", "text"), ("/v1/credits/topup", "text"), ("/v1/channel", "text"), ("/v1/keys", "json")],
)
def test_dria_alone_has_text_on_its_own_paths(path: str, expected: str) -> None:
    """Whoever has no key there gets text, unless JSON is asked for."""
    assert form("*/*", "", "auto", path) == expected
    assert form("application/json", "", "auto", path) == "json"


@pytest.mark.parametrize("setting", ["text", "json"])
def test_a_setting_overrules_the_caller(setting: Literal["text", "json"]) -> None:
    """Neither Accept nor the key changes a form that is set."""
    assert form("application/json", OTHER, setting) == setting
    assert form("text/plain", DRIA, setting) == setting


def test_both_forms_carry_the_same_sentence() -> None:
    """Text is the message alone, JSON is OpenAI's error object around it."""
    error = kinds.BadRequest("n: expected 1 or more.", param="n")
    assert body(error, "text") == ((b"content-type", b"text/plain; charset=utf-8"), b"n: expected 1 or more.")
    content_type, shown = body(error, "json")
    assert content_type == (b"content-type", b"application/json")
    assert msgspec.json.decode(shown) == {
        "error": {
            "message": "n: expected 1 or more.",
            "type": "invalid_request_error",
            "param": "n",
            "code": "invalid_value",
        }
    }


def test_absent_parts_are_null() -> None:
    """`param` and `code` are always there."""
    shown = msgspec.json.decode(body(kinds.AntiphonError("Broken."), "json")[1])
    assert shown == {"error": {"message": "Broken.", "type": "server_error", "param": None, "code": None}}


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (kinds.BadRequest(), []),
        (kinds.NotFound(), []),
        (kinds.EngineFailed(), []),
        (kinds.Unauthenticated(), [(b"www-authenticate", b"Bearer")]),
        (kinds.MethodNotAllowed(allow=("GET", "POST")), [(b"allow", b"GET, POST")]),
        (kinds.BodyTooLarge(), [(b"connection", b"close")]),
        (kinds.RateLimited(), [(b"retry-after", b"1")]),
        (kinds.RateLimited(retry_after_s=7), [(b"retry-after", b"7")]),
        (kinds.RateLimited(retry_after_s=0), [(b"retry-after", b"1")]),
        (kinds.Unavailable(retry_after_s=3600), [(b"retry-after", b"60")]),
        (kinds.Unavailable(), [(b"retry-after", b"1")]),
        (kinds.FirstTokenTimeout(), [(b"x-should-retry", b"false")]),
        (kinds.DeadlineExceeded(), [(b"x-should-retry", b"false")]),
    ],
)
def test_each_error_has_its_headers(error: kinds.AntiphonError, expected: list[tuple[bytes, bytes]]) -> None:
    """Waits lie between 1 and 60 seconds; the rest is what HTTP asks for."""
    assert headers(error) == expected


@pytest.mark.parametrize(
    ("param", "place"),
    [("messages[0].role", ["body", "messages", 0, "role"]), ("Idempotency-Key", ["header", "Idempotency-Key"])],
)
def test_a_list_of_details_leads_to_the_place(param: str, place: list[str | int]) -> None:
    """A field of the body, or a header."""
    shown = msgspec.json.decode(body(kinds.BadRequest("Wrong.", param=param), "json", "detail")[1])
    assert [detail["loc"] for detail in shown["detail"]] == [place]


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (kinds.BadRequest("Wrong."), "invalid_request_error"),
        (kinds.Conflict("Wrong."), "invalid_request_error"),
        (kinds.Unauthenticated("Wrong."), "authentication_error"),
        (kinds.InsufficientCredits("Wrong."), "billing_error"),
        (kinds.BodyTooLarge("Wrong."), "request_too_large"),
        (kinds.RateLimited("Wrong."), "rate_limit_error"),
        (kinds.EngineFailed("Wrong."), "api_error"),
        (kinds.Unavailable("Wrong."), "overloaded_error"),
        (kinds.DeadlineExceeded("Wrong."), "timeout_error"),
    ],
)
def test_anthropics_errors_have_its_types(error: kinds.AntiphonError, kind: str) -> None:
    """As a body, and as an event that goes by its name."""
    _, shown = body(error, "text", "anthropic")
    assert msgspec.json.decode(shown) == {"type": "error", "error": {"type": kind, "message": "Wrong."}}
    assert error_event(error, "anthropic") == b"event: error\ndata: " + shown + b"\n\n"
