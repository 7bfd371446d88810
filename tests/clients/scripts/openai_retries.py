"""When the official Python SDK tries again, and when the gateway tells it not to."""

# mypy: disable-error-code="import-not-found"

from __future__ import annotations

import openai

from .openai_connect import Attempts, connect, say
from .scenario import Lab, failure

BURST_MAX = 200


def a_rate_limit_is_waited_out(lab: Lab) -> None:
    """The wait that Retry-After names is enough: the next attempt is served."""
    attempts = Attempts()
    client = connect(lab, api_key=lab.refilled_key, max_retries=1, http_client=attempts.client())
    for _ in range(BURST_MAX):
        client.chat.completions.create(model=lab.fault_model, messages=say("Hi."), max_tokens=1)
        if 429 in attempts.statuses:
            break
    assert attempts.statuses[-2:] == [429, 200], attempts.statuses
    assert len(attempts.statuses) > 30, attempts.statuses
    wait_s = int(attempts.headers[-2]["retry-after"])
    assert 1 <= wait_s <= 2, attempts.headers[-2]
    assert attempts.times_s[-1] - attempts.times_s[-2] >= wait_s


def a_missing_engine_is_tried_again(lab: Lab) -> None:
    """503: once more after the time that Retry-After names, and then the error."""
    attempts = Attempts()
    client = connect(lab, max_retries=1, http_client=attempts.client())

    def ask() -> object:
        return client.chat.completions.create(model=lab.down_model, messages=say("Hi."))

    failure(openai.InternalServerError, ask)
    assert attempts.statuses == [503, 503], attempts.statuses
    assert attempts.times_s[1] - attempts.times_s[0] >= int(attempts.headers[0]["retry-after"])


def a_deadline_is_not_tried_again(lab: Lab) -> None:
    """504: the client's own `timeout_secs` is over, so another attempt would only cost."""
    attempts = Attempts()
    client = connect(lab, max_retries=2, http_client=attempts.client())

    def ask() -> object:
        messages = say("[[answer delay_s=0.5]] Hi.")
        return client.chat.completions.create(model=lab.fault_model, messages=messages, extra_body={"timeout_secs": 1})

    error = failure(openai.InternalServerError, ask)
    assert (error.status_code, error.code) == (504, "deadline_exceeded"), error.body
    assert attempts.statuses == [504], attempts.statuses
    assert attempts.headers[0]["x-should-retry"] == "false"


def a_late_first_token_is_not_tried_again(lab: Lab) -> None:
    """408 from `max_ttft_ms`, which the SDK would try again if it were not told otherwise."""
    attempts = Attempts()
    client = connect(lab, max_retries=2, http_client=attempts.client())

    def ask() -> object:
        messages = say("[[answer delay_s=2]] Hi.")
        extra = {"max_ttft_ms": 200}
        return client.chat.completions.create(model=lab.fault_model, messages=messages, extra_body=extra, stream=True)

    assert failure(openai.APIStatusError, ask).status_code == 408
    assert attempts.statuses == [408], attempts.statuses


def a_bad_request_is_not_tried_again(lab: Lab) -> None:
    """400: it would be bad again."""
    attempts = Attempts()
    client = connect(lab, max_retries=2, http_client=attempts.client())

    def ask() -> object:
        return client.chat.completions.create(model=lab.fault_model, messages=[])

    failure(openai.BadRequestError, ask)
    assert attempts.statuses == [400], attempts.statuses
