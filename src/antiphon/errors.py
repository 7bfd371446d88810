"""Every error that Antiphon raises on purpose, each with its HTTP status. Only `http/errors.py` renders them.

AntiphonError
├── RequestError ............ the caller's fault
│   ├── BadRequest .......... 400, names the field and the rule
│   │   └── KeyReused ....... 422, an Idempotency-Key of another request
│   ├── Unauthenticated ..... 401
│   ├── InsufficientCredits . 402, says what would be enough
│   ├── PaymentRefused ...... 402, a top-up's payment is not good
│   ├── PermissionDenied .... 403
│   ├── NotFound ............ 404
│   │   ├── ModelNotFound ... 404, suggests the nearest name
│   │   └── ProjectNotFound . 404
│   ├── MethodNotAllowed .... 405
│   ├── FirstTokenTimeout ... 408
│   ├── BodyTimeout ......... 408, the request itself came too slowly
│   ├── Conflict ............ 409, what is there already stands against it
│   │   └── AnswerNotKept ... 409, it was answered, and the answer is gone
│   ├── BodyTooLarge ........ 413
│   ├── UnsupportedMedia .... 415
│   └── RateLimited ......... 429, with retry_after_s
├── ServiceError ............ ours, or the engine's
│   ├── EngineFailed ........ 502, the engine broke or answered nonsense
│   │   └── EngineLost ...... 502, the connection to it ended before its answer did
│   ├── PoisonPrompt ........ 502, two engines died of the request
│   ├── Unavailable ......... 503, with retry_after_s
│   │   └── Saturated ....... 503, one engine has enough to do: no fault of its own
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


class KeyReused(BadRequest):
    """The Idempotency-Key was used for another request."""

    status = 422
    code = "idempotency_key_reused"


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


class PaymentRefused(RequestError):
    """The payment is not good, and nothing was taken."""

    status = 402
    code = "payment_refused"


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


class AnswerNotKept(Conflict):
    """The request was answered before, and its answer was not kept; a new one takes a new Idempotency-Key."""

    code = "answer_not_kept"
    retryable = False


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


class EngineLost(EngineFailed):
    """The engine's answer broke off."""


class PoisonPrompt(ServiceError):
    """Two engines died of this request; it is sent to no more of them for ten minutes."""

    status = 502
    code = "poison_prompt"
    retryable = False


class Unavailable(ServiceError):
    """No node can serve this model now."""

    status = 503
    type = "service_unavailable_error"
    code = "unavailable"


class Saturated(Unavailable):
    """An engine takes no more for now, though nothing is wrong with it."""


class DeadlineExceeded(ServiceError):
    """The answer was not finished within `timeout_secs`."""

    status = 504
    type = "timeout_error"
    code = "deadline_exceeded"
    retryable = False


class ConfigError(AntiphonError):
    """A setting is wrong."""


# Codes that some refusals have in place of their class's own: whose, and what each means.
FINER_CODES: dict[str, tuple[type[AntiphonError], str]] = {
    "invalid_json": (BadRequest, "The body is not JSON, not UTF-8, empty or nested too deeply."),
    "missing_required_parameter": (BadRequest, "A field that must be there is not."),
    "context_length_exceeded": (BadRequest, "The prompt, or it with `max_tokens`, does not fit the model's context."),
    "model_not_supported": (BadRequest, "The model generates, where one is needed that embeds, or the reverse."),
    "engine_refused": (BadRequest, "The engine refused the request, with its own reason."),
    "unknown_channel": (BadRequest, "There is no channel of that name, or it is for others."),
    "missing_api_key": (Unauthenticated, "There is neither an `Authorization` header nor `x-api-key`."),
    "session_ended": (Unauthenticated, "Whoever signed in at the console has to sign in again."),
    "cross_site_request": (PermissionDenied, "A session's cookie came with a request that the console did not make."),
    "sign_in_refused": (Unauthenticated, "The signature of a wallet, or the challenge that it signs, is not good."),
    "sign_in_off": (PermissionDenied, "Wallets cannot sign in at this gateway."),
    "completion_not_found": (NotFound, "No completion of that id is stored, or it is somebody else's."),
    "response_not_found": (NotFound, "No response of that id is stored, or it is somebody else's."),
    "previous_response_not_found": (BadRequest, "No response of the `previous_response_id` is stored."),
    "session_not_found": (NotFound, "No turn of that session is stored, or it is somebody else's."),
    "campaign_not_found": (NotFound, "The account has no campaign of that id or key, or not for this key."),
    "campaign_not_running": (Conflict, "The campaign that the request names is a draft, paused, or over."),
    "campaign_status": (Conflict, "The campaign is not in a state for that, such as one that is over for a start."),
    "campaign_in_the_way": (Conflict, "Another campaign takes the project's requests already."),
    "file_not_found": (NotFound, "The account has no file of that id."),
    "batch_not_found": (NotFound, "The account has no batch of that id."),
    "batch_is_over": (Conflict, "The batch that is to be cancelled is completed, failed, expired or cancelled."),
    "metric_not_found": (NotFound, "The account has no metric of that id or key."),
    "channel_not_found": (NotFound, "There is no channel of that name, or it is for others."),
    "message_not_found": (NotFound, "There is no message of that id, or it is for others to read or to delete."),
    "key_not_found": (NotFound, "There is no key of that id, or it is somebody else's."),
    "no_credit_account": (PermissionDenied, "The key is the operator's own: nothing is charged to it."),
    "faucet_off": (PermissionDenied, "There is no faucet at this gateway, or not for a key that spends USDC."),
    "spend_cap_reached": (InsufficientCredits, "The key has spent, or promised, what it may spend in all."),
    "receipt_not_found": (NotFound, "There is no receipt of that id, or it is somebody else's."),
    "idempotency_key_in_use": (Conflict, "Another gateway is answering the request of that Idempotency-Key."),
    "key_ended": (Conflict, "The key has ended or has a successor already."),
    "too_many_channels": (Conflict, "The account has as many channels as it may have."),
    "too_many_members": (Conflict, "The channel has as many members as it may have."),
    "too_many_keys": (Conflict, "The account has as many keys as it may have, or made too many lately."),
    "node_not_found": (NotFound, "There is no node of that id or name."),
    "invite_refused": (Unauthenticated, "The token of an invite is unknown, expired or used by another machine."),
    "node_refused": (Unauthenticated, "A node's signature is not that of its wallet."),
    "invite_not_found": (NotFound, "There is no invite of that id."),
    "invite_used": (Conflict, "A machine has used the invite: its node can be banned or removed."),
    "node_unknown": (Unauthenticated, "The machine is no node here any more: it takes a new invite."),
    "clock_off": (Unauthenticated, "The clock of the node is minutes away from the gateway's."),
    "node_banned": (PermissionDenied, "The operator has banned the node."),
    "lease_lost": (Conflict, "Another agent has started with the node's keys, so that this one's lease is over."),
    "too_many_nodes": (Conflict, "There are as many nodes, or unused invites, as there may be."),
    "payer_mismatch": (PaymentRefused, "The payment is not of the account's wallet, or was made for another account."),
    "payment_dead": (PaymentRefused, "The payment was never made and never will be: a new one is to be signed."),
    "payment_in_progress": (Conflict, "The payment is being processed: the same one is to be sent again."),
    "overloaded": (Unavailable, "The gateway itself has too much to do, or too little memory left."),
    "payment_in_doubt": (Unavailable, "Nobody knows yet what became of a payment: the same is to be sent again."),
    "write_unconfirmed": (Unavailable, "The database's answer was lost: what was to be stored may have been."),
}
