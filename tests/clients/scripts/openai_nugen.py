"""What is Nugen's own, with the official Python SDK, which is the client that its users have."""

# mypy: disable-error-code="import-not-found"

from __future__ import annotations

from typing import Any

import openai

from .openai_connect import FEW_TOKENS, connect, say
from .scenario import Lab, failure

EXACT = {"X-Wire": "exact"}
SESSION = {"X-Session-ID": "ada-1"}
TURN = "An earlier turn of many words, which nobody will need again. " * 20
Chunks = list[Any]  # Any: the SDK's chunks


def an_answer_has_nugens_shape(lab: Lab) -> None:
    """Its prefix, `created` as a fraction of seconds, and no score for a model that has none."""
    answer = connect(lab).chat.completions.create(model=lab.model, messages=say("Say hi."), max_tokens=FEW_TOKENS)
    assert answer.id.startswith("nugen-"), answer
    assert type(answer.created) is float, answer
    assert "confidence_score" not in (answer.model_extra or {}), answer


def usage_comes_with_the_reason(lab: Lab) -> None:
    """In the last chunk, whether or not it was asked for, and in no other."""
    for asked in ({}, {"stream_options": {"include_usage": True}}):
        *others, last = _streamed(lab, lab.model, **asked)
        assert last.choices[0].finish_reason in ("stop", "length"), last
        assert 0 < last.usage.completion_tokens <= FEW_TOKENS, last
        assert all(chunk.usage is None and chunk.choices[0].finish_reason is None for chunk in others), others
        assert {type(chunk.created) for chunk in (*others, last)} == {float}, last


def the_first_chunk_has_the_role_and_text(lab: Lab) -> None:
    """As its page shows it."""
    first, *_ = _streamed(lab, lab.fault_model)
    assert first.choices[0].delta.role == "assistant", first
    assert first.choices[0].delta.content, first


def an_aligned_model_tells_its_confidence(lab: Lab) -> None:
    """From 0 to 100, in the answer and in the last chunk of a stream, where it is the same."""
    plain = connect(lab).chat.completions.create(
        model=lab.aligned_model, messages=say("Say hi."), max_tokens=FEW_TOKENS
    )
    score = plain.model_extra["confidence_score"]
    assert isinstance(score, float), plain
    assert 0 < score <= 100, plain
    *others, last = _streamed(lab, lab.aligned_model)
    assert last.model_extra["confidence_score"] == score, last
    assert not any("confidence_score" in (chunk.model_extra or {}) for chunk in others), others


def a_continued_text_tells_its_confidence(lab: Lab) -> None:
    """With the usage in the last chunk, as for a chat."""
    fields = {"model": lab.aligned_model, "prompt": "Once upon a time", "max_tokens": FEW_TOKENS}
    completions = connect(lab).completions
    plain = completions.create(**fields)
    assert type(plain.created) is float, plain
    *others, last = completions.create(**fields, stream=True)
    assert 0 < plain.model_extra["confidence_score"] == last.model_extra["confidence_score"] <= 100, last
    assert last.usage.completion_tokens == FEW_TOKENS, last
    assert all(chunk.usage is None for chunk in others), others


def embeddings_have_nugens_shape(lab: Lab) -> None:
    """An id, a fraction of seconds, and the word that its page has for the object."""
    made = connect(lab).embeddings.create(model=lab.embedding_model, input="Oslo")
    assert made.object == "embedding", made
    assert made.model_extra["id"].startswith("nugen-"), made
    assert type(made.model_extra["created"]) is float, made


def a_session_is_echoed(lab: Lab) -> None:
    """The header comes back, streamed or not; without one there is none."""
    fields = {"model": lab.fault_model, "messages": say("Say hi."), "max_tokens": 2}
    create = connect(lab, default_headers=SESSION).chat.completions.with_raw_response.create
    assert create(**fields).headers["x-session-id"] == SESSION["X-Session-ID"]
    assert create(**fields, stream=True).headers["x-session-id"] == SESSION["X-Session-ID"]
    assert "x-session-id" not in connect(lab).chat.completions.with_raw_response.create(**fields).headers


def a_provider_is_taken(lab: Lab) -> None:
    """The header `X-Provider` changes nothing."""
    client = connect(lab, default_headers={"X-Provider": "fwai"})
    assert client.chat.completions.create(model=lab.fault_model, messages=say("Hi."), max_tokens=2).choices


def a_long_conversation_is_shortened(lab: Lab) -> None:
    """Nobody asks for it: 1500 tokens of the prompt are kept, and a header tells how many turns were not."""
    turns = [{"role": role, "content": TURN} for _ in range(8) for role in ("user", "assistant")]
    raw = connect(lab).chat.completions.with_raw_response.create(
        model=lab.fault_model, messages=[*turns, *say("Say hi.")], max_tokens=2
    )
    assert int(raw.headers["x-prompt-truncated"]) > 0, raw.headers
    assert raw.parse().usage.prompt_tokens <= 1500, raw.parse()


def thoughts_have_openrouters_name(lab: Lab) -> None:
    """`reasoning`, asked for by Nugen's object of that name."""
    messages = say("[[answer reasoning=4 tokens=3]] Think.")
    answer = connect(lab).chat.completions.create(
        model=lab.fault_model, messages=messages, extra_body={"reasoning": {"effort": "low"}}
    )
    extra = answer.choices[0].message.model_extra
    assert extra["reasoning"] == extra["reasoning_content"], answer


def the_documented_shape_can_be_read(lab: Lab) -> None:
    """`X-Wire: exact`: chunks without `object`, which the page does not have, and the same text."""
    fields = {"model": lab.fault_model, "messages": say("Say hi."), "max_tokens": FEW_TOKENS}
    exact = connect(lab, default_headers=EXACT).chat.completions
    plain = exact.create(**fields)
    assert (plain.object, plain.model_extra) == ("chat.completion", {}), plain
    chunks = list(exact.create(**fields, stream=True))
    assert {(chunk.object, chunk.model) for chunk in chunks} == {(None, lab.fault_model)}, chunks
    text = "".join(chunk.choices[0].delta.content for chunk in chunks)
    assert text == plain.choices[0].message.content
    assert chunks[-1].usage.completion_tokens == plain.usage.completion_tokens


def a_wrong_key_is_an_authentication_error(lab: Lab) -> None:
    """401, with the sentence under `detail`."""
    error = _refused(openai.AuthenticationError, lab, connect(lab, api_key="sk-wrong"))
    assert "API key" in error.body["detail"], error.body


def a_bad_value_is_an_unprocessable_entity(lab: Lab) -> None:
    """422, streamed or not: the place, the sentence and the kind."""
    for stream in (False, True):
        error = _refused(openai.UnprocessableEntityError, lab, connect(lab), temperature=3, stream=stream)
        (found,) = error.body["detail"]
        assert (found["loc"], found["type"]) == (["body", "temperature"], "invalid_value"), error.body
        assert "2" in found["msg"], error.body


def empty_messages_are_an_unprocessable_entity(lab: Lab) -> None:
    """422."""
    (found,) = _refused(openai.UnprocessableEntityError, lab, connect(lab), messages=[]).body["detail"]
    assert found["loc"] == ["body", "messages"], found


def an_unknown_model_is_not_found(lab: Lab) -> None:
    """404, streamed or not."""
    for stream in (False, True):
        error = _refused(openai.NotFoundError, lab, connect(lab), model="nobody/nothing", stream=stream)
        assert "nobody/nothing" in error.body["detail"], error.body


def one_request_too_many_is_a_rate_limit_error(lab: Lab) -> None:
    """429 with the wait in Retry-After."""
    client = connect(lab, api_key=lab.once_key)
    client.chat.completions.create(model=lab.fault_model, messages=say("Hi."), max_tokens=2)
    error = _refused(openai.RateLimitError, lab, client)
    assert error.body["detail"], error.body
    assert 1 <= int(error.response.headers["retry-after"]) <= 60, error.response.headers


def engines_fail_as_internal_server_errors(lab: Lab) -> None:
    """503 without an engine, 502 when it fails."""
    down = _refused(openai.InternalServerError, lab, connect(lab), model=lab.down_model)
    assert (down.status_code, type(down.body["detail"])) == (503, str), down.body
    failing = say("[[fault:status status=500 shape=trace]] Hi.")
    failed = _refused(openai.InternalServerError, lab, connect(lab), messages=failing)
    assert failed.status_code == 502, failed.body
    assert "Traceback" not in failed.body["detail"], failed.body


def a_stream_that_breaks_is_an_api_error(lab: Lab) -> None:
    """An error event after good tokens, under `error`, which is where the SDK looks."""
    error = failure(openai.APIError, lambda: _streamed(lab, lab.fault_model, messages=say("[[fault:close k=3]] Hi.")))
    assert type(error) is openai.APIError, type(error)
    assert error.code == "engine_failed", error.body


def _streamed(lab: Lab, model: str, **options: Any) -> Chunks:  # Any: fields of a request
    """The chunks of one answer."""
    fields = {"model": model, "messages": say("Say hi."), "max_tokens": FEW_TOKENS} | options
    return list(connect(lab).chat.completions.create(**fields, stream=True))


def _refused(kind: Any, lab: Lab, client: Any, **fields: Any) -> Any:  # Any: the SDK's types
    """The exception that a request with these fields ends with."""
    body = {"model": lab.fault_model, "messages": say("Say hi."), "max_tokens": 2} | fields
    return failure(kind, lambda: client.chat.completions.create(**body))
