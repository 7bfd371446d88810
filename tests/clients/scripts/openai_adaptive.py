"""What is Adaptive Engine's own, with the official Python SDK, which its documents name beside their client."""

# mypy: disable-error-code="import-not-found"

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import openai

from .openai_connect import FEW_TOKENS, connect, say
from .scenario import Lab, failure

EXACT = {"X-Wire": "exact"}


def an_answer_has_adaptives_shape(lab: Lab) -> None:
    """A session, and an id and a model in each choice."""
    answer = connect(lab).chat.completions.create(model=lab.model, messages=say("Say hi."), max_tokens=4, n=2)
    UUID(answer.model_extra["session_id"])
    assert len({UUID(choice.model_extra["completion_id"]) for choice in answer.choices}) == 2, answer
    assert {choice.model_extra["model"] for choice in answer.choices} == {lab.id_of(lab.model)}, answer


def chunks_have_adaptives_shape(lab: Lab) -> None:
    """The same session and completion in every chunk; a delta always has text, even where it is empty."""
    stream = connect(lab).chat.completions.create(
        model=lab.model, messages=say("Say hi."), max_tokens=FEW_TOKENS, stream=True
    )
    chunks = list(stream)
    assert len({UUID(chunk.model_extra["session_id"]) for chunk in chunks}) == 1, chunks
    assert len({UUID(chunk.choices[0].model_extra["completion_id"]) for chunk in chunks}) == 1, chunks
    assert all(isinstance(chunk.choices[0].delta.content, str) for chunk in chunks), chunks


def a_continued_text_has_adaptives_shape(lab: Lab) -> None:
    """The same of a text completion."""
    answer = connect(lab).completions.create(model=lab.fault_model, prompt="Once upon a time", max_tokens=4)
    UUID(answer.model_extra["session_id"])
    UUID(answer.choices[0].model_extra["completion_id"])
    assert answer.choices[0].model_extra["model"] == lab.id_of(lab.fault_model), answer


def a_project_answers_with_its_model(lab: Lab) -> None:
    """`model` is the project alone."""
    answer = connect(lab).chat.completions.create(model=lab.project, messages=say("Say hi."), max_tokens=2)
    assert answer.choices[0].model_extra["model"] == lab.id_of(lab.model), answer


def what_adaptive_adds_is_taken(lab: Lab) -> None:
    """Labels under OpenAI's name, and the rest beside OpenAI's fields; none is left aside."""
    session = str(uuid4())
    extra = {"session_id": session, "labels": {"city": "Oslo"}, "tags": ["test"], "max_ttft_ms": 60_000}
    raw = connect(lab).chat.completions.with_raw_response.create(
        model=lab.model, messages=say("Say hi."), max_tokens=2, metadata={"purpose": "test"}, store=False,
        user=str(uuid4()), extra_body=extra,
    )  # fmt: skip
    assert "x-ignored-fields" not in raw.headers, raw.headers
    assert raw.parse().model_extra["session_id"] == session


def the_documented_shape_can_be_read(lab: Lab) -> None:
    """`X-Wire: exact`: no `object` and no model but the choice's, and the same text."""
    fields = {"model": lab.fault_model, "messages": say("Say hi."), "max_tokens": FEW_TOKENS}
    exact = connect(lab, default_headers=EXACT).chat.completions
    plain = exact.create(**fields)
    assert (plain.object, plain.model) == (None, None), plain
    chunks = list(exact.create(**fields, stream=True))
    assert {(chunk.object, chunk.model) for chunk in chunks} == {(None, None)}, chunks
    assert "".join(chunk.choices[0].delta.content for chunk in chunks) == plain.choices[0].message.content


def a_wrong_key_is_an_authentication_error(lab: Lab) -> None:
    """401; the body is the sentence."""
    assert "API key" in _refused(openai.AuthenticationError, lab, connect(lab, api_key="sk-wrong")).body


def a_bad_value_is_a_bad_request(lab: Lab) -> None:
    """400, streamed or not, naming field and rule."""
    for name, value in (("temperature", 3), ("messages", []), ("user", "no-uuid")):
        for stream in (False, True):
            error = _refused(openai.BadRequestError, lab, connect(lab), **{name: value, "stream": stream})
            assert error.body.startswith(name), error.body


def what_is_unknown_is_not_found(lab: Lab) -> None:
    """404: a project, or a model of one that is there."""
    for model, kind in (("nobody/nothing", "project"), (f"{lab.project}/nothing", "model")):
        error = _refused(openai.NotFoundError, lab, connect(lab), model=model)
        assert error.body.startswith(f"EntityNotFound: {kind}"), error.body


def one_request_too_many_is_a_rate_limit_error(lab: Lab) -> None:
    """429 with the wait in Retry-After."""
    client = connect(lab, api_key=lab.once_key)
    client.chat.completions.create(model=lab.fault_model, messages=say("Hi."), max_tokens=2)
    error = _refused(openai.RateLimitError, lab, client)
    assert 1 <= int(error.response.headers["retry-after"]) <= 60, error.response.headers


def a_late_first_token_is_a_timeout(lab: Lab) -> None:
    """408, and it is not tried again."""
    late = {"messages": say("[[answer delay_s=2]] Hi."), "extra_body": {"max_ttft_ms": 200}}
    error = _refused(openai.APIStatusError, lab, connect(lab, max_retries=2), **late)
    assert (error.status_code, error.response.headers["x-should-retry"]) == (408, "false"), error.body


def a_model_without_an_engine_is_unavailable(lab: Lab) -> None:
    """503."""
    error = _refused(openai.InternalServerError, lab, connect(lab), model=lab.down_model)
    assert (error.status_code, type(error.body)) == (503, str), error.body


def a_stream_that_breaks_is_an_api_error(lab: Lab) -> None:
    """An error event after good tokens; the sentence is its body."""
    messages = say("[[fault:close k=3]] Hi.")
    stream = connect(lab).chat.completions.create(model=lab.fault_model, messages=messages, stream=True)
    error = failure(openai.APIError, lambda: list(stream))
    assert (type(error), type(error.body)) == (openai.APIError, str), error


def _refused(kind: Any, lab: Lab, client: Any, **fields: Any) -> Any:  # Any: the SDK's types
    """The exception that a request with these fields ends with."""
    body = {"model": lab.fault_model, "messages": say("Say hi."), "max_tokens": 2} | fields
    return failure(kind, lambda: client.chat.completions.create(**body))
