"""Every error that Antiphon raises on purpose, each with its HTTP status. Only `http/errors.py` renders them.

AntiphonError
├── RequestError ............ the caller's fault
│   ├── BadRequest .......... 400, names the field and the rule
│   ├── Unauthenticated ..... 401
│   ├── InsufficientCredits . 402, says what would be enough
│   ├── PermissionDenied .... 403
│   ├── NotFound ............ 404
│   │   ├── ModelNotFound ... 404, suggests the nearest name
│   │   └── ProjectNotFound . 404
│   ├── MethodNotAllowed .... 405
│   ├── FirstTokenTimeout ... 408
│   ├── BodyTimeout ......... 408, the request itself came too slowly
│   ├── Conflict ............ 409, what is there already stands against it
│   ├── BodyTooLarge ........ 413
│   ├── UnsupportedMedia .... 415
│   └── RateLimited ......... 429, with retry_after_s
├── ServiceError ............ ours, or the engine's
│   ├── EngineFailed ........ 502, the engine broke or answered nonsense
│   ├── Unavailable ......... 503, with retry_after_s
│   └── DeadlineExceeded .... 504
└── ConfigError ............. a setting is wrong: no HTTP status, the process does not start
"""

from __future__ import annotations


class AntiphonError(Exception):
    """The root: `status`, `type` and `code` are what the wire shows, the message is the sentence for people."""

    status = 500
    type = "server_error"
    code: str | None = None
    retryable: bool | None = None  # None: the client decides by the status

    def __init__(
        self,
        message: str = "",
        *,
        param: str | None = None,
        code: str | None = None,
        retry_after_s: int | None = None,
    ) -> None:
        self.message = message or (type(self).__doc__ or "").split("\n")[0]
        self.param = param
        self.retry_after_s = retry_after_s
        if code is not None:
            self.code = code
        super().__init__(self.message)


class RequestError(AntiphonError):
    """The request cannot be served as it was sent."""

    status = 400
    type = "invalid_request_error"


class BadRequest(RequestError):
    """The request is not valid."""

    code = "invalid_value"


class Unauthenticated(RequestError):
    """Missing or invalid API key."""

    status = 401
    type = "authentication_error"
    code = "invalid_api_key"


class InsufficientCredits(RequestError):
    """There is not enough credit for this."""

    status = 402
    type = "insufficient_quota"
    code = "insufficient_credits"


class PermissionDenied(RequestError):
    """This key may not do that."""

    status = 403
    type = "permission_error"
    code = "permission_denied"


class NotFound(RequestError):
    """There is nothing at this address."""

    status = 404
    type = "not_found_error"
    code = "not_found"


class ModelNotFound(NotFound):
    """There is no such model."""

    code = "model_not_found"


class ProjectNotFound(NotFound):
    """There is no such project."""

    code = "project_not_found"


class MethodNotAllowed(RequestError):
    """This address does not take that method."""

    status = 405
    code = "method_not_allowed"

    def __init__(self, message: str = "", *, allow: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.allow = allow


class FirstTokenTimeout(RequestError):
    """The first token did not come within `max_ttft_ms`."""

    status = 408
    type = "timeout_error"
    code = "first_token_timeout"
    retryable = False


class BodyTimeout(RequestError):
    """The request body came too slowly."""

    status = 408
    type = "timeout_error"
    code = "body_timeout"


class Conflict(RequestError):
    """What is there already stands against the request."""

    status = 409
    code = "conflict"


class BodyTooLarge(RequestError):
    """The request body is too large."""

    status = 413
    code = "body_too_large"


class UnsupportedMedia(RequestError):
    """The request body is not of a supported type or encoding."""

    status = 415
    code = "unsupported_media_type"


class RateLimited(RequestError):
    """Too many requests with this key."""

    status = 429
    type = "rate_limit_error"
    code = "rate_limit_exceeded"


class ServiceError(AntiphonError):
    """The request was good; serving it failed."""


class EngineFailed(ServiceError):
    """The engine failed while it generated the answer."""

    status = 502
    code = "engine_failed"


class Unavailable(ServiceError):
    """No node can serve this model now."""

    status = 503
    type = "service_unavailable_error"
    code = "unavailable"


class DeadlineExceeded(ServiceError):
    """The answer was not finished within `timeout_secs`."""

    status = 504
    type = "timeout_error"
    code = "deadline_exceeded"
    retryable = False


class ConfigError(AntiphonError):
    """A setting is wrong."""
