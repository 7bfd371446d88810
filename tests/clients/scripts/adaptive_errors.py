"""What Adaptive Engine's own client raises. It knows no classes but one: its sentence has the status and our body."""

# mypy: disable-error-code="import-not-found"

from __future__ import annotations

import json
from typing import Any

import httpx
import httpx_sse
import pydantic

from .adaptive_connect import connect, say
from .scenario import Lab, failure


def a_wrong_key_is_told(lab: Lab) -> None:
    """401."""
    assert "API key" in _refused(lab, 401, api_key="sk-wrong")


def a_bad_value_is_told(lab: Lab) -> None:
    """400, naming field and rule."""
    assert _refused(lab, 400, temperature=3).startswith("temperature")
    assert _refused(lab, 400, messages=[]).startswith("messages")


def what_is_unknown_is_told(lab: Lab) -> None:
    """404, for a project, and for a model of one that is there."""
    assert _refused(lab, 404, project="nobody").startswith("EntityNotFound: project")
    assert _refused(lab, 404, model="nothing").startswith("EntityNotFound: model")


def one_request_too_many_is_told(lab: Lab) -> None:
    """429."""
    client = connect(lab, api_key=lab.once_key)
    client.chat.create(model=lab.id_of(lab.fault_model), messages=say("Hi."), max_tokens=2)
    assert _refused(lab, 429, api_key=lab.once_key)


def a_model_without_an_engine_is_an_http_error(lab: Lab) -> None:
    """503, as httpx's own exception."""
    chat = connect(lab).chat
    error = failure(httpx.HTTPStatusError, lambda: chat.create(model=lab.id_of(lab.down_model), messages=say("Hi.")))
    assert error.response.status_code == 503, error
    assert error.response.json()["error"], error.response.text


def a_refused_stream_is_an_sse_error(lab: Lab) -> None:
    """The client looks at the content type before the status, and says no more."""
    stream = connect(lab, api_key="sk-wrong").chat.create(messages=say("Hi."), stream=True)
    failure(httpx_sse.SSEError, lambda: list(stream))


def a_stream_that_breaks_is_an_error(lab: Lab) -> None:
    """The client knows no event of an error; it stumbles over ours, and does not take the answer for whole."""
    asked = {"model": lab.id_of(lab.fault_model), "messages": say("[[fault:close k=3]] Hi.")}
    pieces: list[str] = []

    def read() -> None:
        for chunk in connect(lab).chat.create(**asked, stream=True):
            pieces.extend(choice.delta.content for choice in chunk.choices)

    failure(pydantic.ValidationError, read)
    assert any(pieces), pieces


def _refused(lab: Lab, status: int, *, api_key: str | None = None, **fields: Any) -> str:  # Any: the client's arguments
    """The gateway's sentence in the client's exception for a request with these fields."""
    client = connect(lab, **({"api_key": api_key} if api_key else {}))
    body = {"model": lab.id_of(lab.fault_model), "messages": say("Hi."), "max_tokens": 2} | fields
    told = str(failure(Exception, lambda: client.chat.create(**body)))
    start = f"Client error {status}: "
    assert told.startswith(start), told
    return str(json.loads(told.removeprefix(start))["error"])
