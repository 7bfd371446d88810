"""The exceptions of the official Python SDK: each comes where its documentation says, and with its fields filled."""

# mypy: disable-error-code="import-not-found"

from __future__ import annotations

from typing import Any

import openai

from .openai_connect import connect, say
from .scenario import Lab, failure

REQUEST = {"messages": say("Say hi."), "max_tokens": 2}


def a_wrong_key_is_an_authentication_error(lab: Lab) -> None:
    """401 with a message that can be read, for a key of any form."""
    for key in ("sk-wrong", "dkn_live_wrong"):
        error = _refused(openai.AuthenticationError, connect(lab, api_key=key), model=lab.model)
        assert (error.status_code, error.code) == (401, "invalid_api_key"), error.body
        assert error.type == "authentication_error", error.body
        assert "API key" in error.message, error.message


def a_bad_value_is_a_bad_request(lab: Lab) -> None:
    """400 naming field and rule."""
    error = _refused(openai.BadRequestError, connect(lab), model=lab.model, temperature=3)
    assert (error.status_code, error.param, error.type) == (400, "temperature", "invalid_request_error"), error.body
    assert "2" in error.message, error.message


def empty_messages_are_a_bad_request(lab: Lab) -> None:
    """400, for a stream as well."""
    for stream in (False, True):
        error = _refused(openai.BadRequestError, connect(lab), model=lab.model, messages=[], stream=stream)
        assert error.param == "messages", error.body


def an_unknown_model_is_not_found(lab: Lab) -> None:
    """404, for a stream as well, and nothing is tried again."""
    for stream in (False, True):
        error = _refused(openai.NotFoundError, connect(lab), model="nobody/nothing", stream=stream)
        assert (error.status_code, error.code, error.param) == (404, "model_not_found", "model"), error.body
        assert "nobody/nothing" in error.message, error.message


def one_request_too_many_is_a_rate_limit_error(lab: Lab) -> None:
    """429 with the wait in Retry-After."""
    client = connect(lab, api_key=lab.once_key)
    client.chat.completions.create(model=lab.fault_model, **REQUEST)
    error = _refused(openai.RateLimitError, client, model=lab.fault_model)
    assert (error.status_code, error.code) == (429, "rate_limit_exceeded"), error.body
    assert 1 <= int(error.response.headers["retry-after"]) <= 60, error.response.headers


def a_model_without_an_engine_is_unavailable(lab: Lab) -> None:
    """503 with the wait, for a stream as well."""
    for stream in (False, True):
        error = _refused(openai.InternalServerError, connect(lab), model=lab.down_model, stream=stream)
        assert (error.status_code, error.code) == (503, "unavailable"), error.body
        assert 1 <= int(error.response.headers["retry-after"]) <= 60, error.response.headers


def an_engine_that_fails_is_an_internal_server_error(lab: Lab) -> None:
    """502, and nothing of what the engine said."""
    messages = say("[[fault:status status=500 shape=trace]] Hi.")
    error = _refused(openai.InternalServerError, connect(lab), model=lab.fault_model, messages=messages)
    assert (error.status_code, error.code) == (502, "engine_failed"), error.body
    assert "Traceback" not in error.message, error.message


def a_stream_that_breaks_is_an_api_error(lab: Lab) -> None:
    """An error event after good tokens: APIError without a status, never an end that looks like one."""
    messages = say("[[fault:close k=3]] Hi.")
    stream = connect(lab).chat.completions.create(model=lab.fault_model, messages=messages, stream=True)
    pieces: list[str] = []

    def read() -> None:
        pieces.extend(chunk.choices[0].delta.content or "" for chunk in stream)

    error = failure(openai.APIError, read)
    assert type(error) is openai.APIError, type(error)
    assert error.code == "engine_failed", error.body
    assert error.message, error.body
    assert error.type == "server_error", error.body


def the_stream_helper_breaks_as_well(lab: Lab) -> None:
    """The same out of `.stream()`."""
    messages = say("[[fault:close k=3]] Hi.")

    def read() -> object:
        with connect(lab).chat.completions.stream(model=lab.fault_model, messages=messages) as stream:
            return stream.get_final_completion()

    assert failure(openai.APIError, read).code == "engine_failed"


def a_silent_engine_is_a_timeout_of_the_client(lab: Lab) -> None:
    """The SDK's own time-out, plain and streamed."""
    for stream in (False, True):
        client = connect(lab, timeout=0.5)
        messages = say("[[fault:freeze]] Hi.")
        _refused(openai.APITimeoutError, client, model=lab.fault_model, messages=messages, stream=stream)


def an_address_without_a_gateway_is_a_connection_error(lab: Lab) -> None:
    """Nobody listens there."""
    _refused(openai.APIConnectionError, connect(lab, base_url="http://127.0.0.1:9/v1"), model=lab.model)


def a_dria_key_gets_the_same_errors(lab: Lab) -> None:
    """The SDK asks for JSON and gets it, though such keys get text elsewhere; its answers have Dria's prefix."""
    client = connect(lab, api_key=lab.dkn_key)
    error = _refused(openai.NotFoundError, client, model="nobody/nothing")
    assert (error.code, error.param) == ("model_not_found", "model"), error.body
    assert client.chat.completions.create(model=lab.fault_model, **REQUEST).id.startswith("gen-")


def _refused(kind: Any, client: Any, **fields: Any) -> Any:  # Any: the SDK's types
    """The exception that a request with these fields ends with."""
    return failure(kind, lambda: client.chat.completions.create(**(REQUEST | fields)))
