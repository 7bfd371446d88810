"""Errors: what each shows on the wire, and what an instance may change of it."""

from __future__ import annotations

import pytest

from antiphon import errors
from antiphon.errors import AntiphonError, BadRequest, ConfigError, MethodNotAllowed, RequestError, ServiceError

# class: status, type, code
SHOWN: dict[type[AntiphonError], tuple[int, str, str | None]] = {
    AntiphonError: (500, "server_error", None),
    RequestError: (400, "invalid_request_error", None),
    BadRequest: (400, "invalid_request_error", "invalid_value"),
    errors.Unauthenticated: (401, "authentication_error", "invalid_api_key"),
    errors.InsufficientCredits: (402, "insufficient_quota", "insufficient_credits"),
    errors.PaymentRefused: (402, "invalid_request_error", "payment_refused"),
    errors.PermissionDenied: (403, "permission_error", "permission_denied"),
    errors.NotFound: (404, "not_found_error", "not_found"),
    errors.ModelNotFound: (404, "not_found_error", "model_not_found"),
    errors.ProjectNotFound: (404, "not_found_error", "project_not_found"),
    MethodNotAllowed: (405, "invalid_request_error", "method_not_allowed"),
    errors.FirstTokenTimeout: (408, "timeout_error", "first_token_timeout"),
    errors.BodyTimeout: (408, "timeout_error", "body_timeout"),
    errors.Conflict: (409, "invalid_request_error", "conflict"),
    errors.AnswerNotKept: (409, "invalid_request_error", "answer_not_kept"),
    errors.BodyTooLarge: (413, "invalid_request_error", "body_too_large"),
    errors.UnsupportedMedia: (415, "invalid_request_error", "unsupported_media_type"),
    errors.KeyReused: (422, "invalid_request_error", "idempotency_key_reused"),
    errors.RateLimited: (429, "rate_limit_error", "rate_limit_exceeded"),
    ServiceError: (500, "server_error", None),
    errors.EngineFailed: (502, "server_error", "engine_failed"),
    errors.EngineLost: (502, "server_error", "engine_failed"),
    errors.PoisonPrompt: (502, "server_error", "poison_prompt"),
    errors.Unavailable: (503, "service_unavailable_error", "unavailable"),
    errors.Saturated: (503, "service_unavailable_error", "unavailable"),
    errors.DeadlineExceeded: (504, "timeout_error", "deadline_exceeded"),
    ConfigError: (500, "server_error", None),
}


def test_every_error_is_listed() -> None:
    """The table above holds each class of the module."""
    classes = {each for each in vars(errors).values() if isinstance(each, type) and issubclass(each, AntiphonError)}
    assert classes == set(SHOWN)


@pytest.mark.parametrize("error", SHOWN, ids=lambda error: error.__name__)
def test_what_each_error_shows(error: type[AntiphonError]) -> None:
    """Status, type and code are the class's; without words of its own it says its first line."""
    shown = error()
    assert (shown.status, shown.type, shown.code) == SHOWN[error]
    assert shown.message == str(shown) == (error.__doc__ or "").split("\n")[0]
    assert (shown.param, shown.retry_after_s) == (None, None)


@pytest.mark.parametrize("error", SHOWN, ids=lambda error: error.__name__)
def test_the_status_tells_whose_fault_it_is(error: type[AntiphonError]) -> None:
    """A request's error is a 4xx, any other a 5xx."""
    assert (400 <= error.status < 500) == issubclass(error, RequestError)


def test_an_instance_says_its_own_words() -> None:
    """Message, param, code and wait are those of the instance, the class keeps its code."""
    error = BadRequest("n: too many.", param="n", code="own", retry_after_s=3)
    assert (str(error), error.param, error.code, error.retry_after_s) == ("n: too many.", "n", "own", 3)
    assert BadRequest.code == "invalid_value"


def test_which_are_never_retried() -> None:
    """Deadlines, which would pass again, what kills engines, an answer that is gone; else the status decides."""
    never = {error for error in SHOWN if error.retryable is False}
    assert never == {
        errors.FirstTokenTimeout,
        errors.DeadlineExceeded,
        errors.AnswerNotKept,
        errors.PoisonPrompt,
    }
    assert {error.retryable for error in SHOWN if error not in never} == {None}


def test_a_wrong_method_names_the_right_ones() -> None:
    """The methods that are allowed go with the error."""
    assert MethodNotAllowed(allow=("GET", "HEAD")).allow == ("GET", "HEAD")
