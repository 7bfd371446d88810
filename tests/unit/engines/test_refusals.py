"""An engine's refusal becomes the caller's error: status, words, field and wait."""

from __future__ import annotations

import pytest

from antiphon.engines.refusals import MESSAGE_CHARACTERS_MAX, failure, refusal
from antiphon.errors import BadRequest, EngineFailed, Saturated, Unavailable
from antiphon.http.origin import Broken, ConnectFailed


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(
    ("header", "wait_s"),
    [(None, 1), (b"7", 7), (b"0", 1), (b"600", 60), (b"-3", 1), (b"soon", 1), (b"", 1), (b"1.5", 1)],
)
def test_a_busy_engine_names_the_wait(status: int, header: bytes | None, wait_s: int) -> None:
    """Retry-After in whole seconds, between 1 and 60; 1 where it says nothing of use."""
    error = refusal(status, {} if header is None else {b"retry-after": header}, b"")
    assert isinstance(error, Saturated)
    assert error.retry_after_s == wait_s


@pytest.mark.parametrize("status", [204, 301, 401, 403, 404, 418, 500, 502, 504])
def test_other_statuses_are_the_engines_failure(status: int) -> None:
    """The caller did nothing wrong, and hears nothing of the body."""
    error = refusal(status, {}, b'{"error": {"message": "secret"}}')
    assert isinstance(error, EngineFailed)
    assert str(error) == f"The engine refused with status {status}."


@pytest.mark.parametrize("status", [400, 413, 422])
@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b'{"error": {"message": "n must be 1", "type": "x", "code": 400}}', "n must be 1"),
        (b'{"error": "n must be 1"}', "n must be 1"),
        (b'{"message": " n  must\\nbe 1 "}', "n must be 1"),
        (b"<html>", "no reason given"),
        (b"\xff", "no reason given"),
        (b"", "no reason given"),
        (b"[]", "no reason given"),
        (b'{"error": {"message": 5}}', "no reason given"),
        (b"[" * 5000, "no reason given"),
    ],
)
def test_a_bad_request_keeps_the_engines_reason(status: int, body: bytes, words: str) -> None:
    """The reason on one line, wherever engines put it."""
    error = refusal(status, {}, body)
    assert isinstance(error, BadRequest)
    assert (error.status, error.code, error.param) == (400, "engine_refused", None)
    assert str(error) == f"The model cannot take this request: {words}"


def test_a_long_reason_is_cut() -> None:
    """No engine fills the caller's screen."""
    error = refusal(400, {}, b'{"error": "%s"}' % (b"w" * 5000))
    assert str(error).endswith(": " + "w" * MESSAGE_CHARACTERS_MAX)


@pytest.mark.parametrize(
    ("param", "known"),
    [("temperature", "temperature"), ("body.top_p", "top_p"), ("Body", None), ("a b", None), ("x" * 41, None)],
)
def test_a_field_is_named_where_it_is_one(param: str, known: str | None) -> None:
    """Only what looks like a field's name is handed on."""
    error = refusal(400, {}, b'{"error": {"message": "no", "param": "%s"}}' % param.encode())
    assert error.param == known


@pytest.mark.parametrize(
    ("body", "size"),
    [
        (b'{"error": {"message": "This model\'s maximum context length is 9 tokens"}}', ""),
        (
            b'{"error": {"type": "exceed_context_size_error", "n_prompt_tokens": 12, "n_ctx": 9}}',
            " (12 tokens, 9 fit)",
        ),
        (b'{"error": "input_tokens too many"}', ""),
    ],
)
def test_a_full_context_has_a_code_of_its_own(body: bytes, size: str) -> None:
    """Every engine's words for it become the same error, with the sizes where they are told."""
    error = refusal(400, {}, body)
    assert (error.code, error.param) == ("context_length_exceeded", "messages")
    assert str(error) == f"messages: the prompt and max_tokens do not fit the model's context{size}."


@pytest.mark.parametrize("param", ["messages", "prompt", "input"])
def test_what_is_too_long_is_named_as_the_caller_knows_it(param: str) -> None:
    """A chat has messages, a text completion a prompt, embeddings an input."""
    body = b'{"error": {"message": "too long", "type": "exceed_context_size_error", "n_prompt_tokens": 9, "n_ctx": 8}}'
    error = refusal(400, {}, body, param)
    assert (error.param, error.code) == (param, "context_length_exceeded")
    assert str(error).startswith(f"{param}: ")
    assert str(error).endswith("(9 tokens, 8 fit).")


def test_a_text_larger_than_a_batch_is_the_caller_s_fault() -> None:
    """llama.cpp says so with the status 500."""
    body = (
        b'{"error": {"code": 500, "message": "input (601 tokens) is too large to process. increase ...", "type": "x"}}'
    )
    error = refusal(500, {}, body, "input")
    assert isinstance(error, BadRequest)
    assert (error.param, error.code) == ("input", "context_length_exceeded")


def test_failed_exchanges_have_their_errors() -> None:
    """Not connected is unavailable, anything later is the engine's failure."""
    assert isinstance(failure(ConnectFailed("no")), Unavailable)
    assert isinstance(failure(Broken("no")), EngineFailed)
