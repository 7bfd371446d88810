"""What LiteLLM's users do with it as a client: completions, streams, tools, structured output, images, errors."""

# The client is in its own environment only, so nothing is known of its types where types are checked.
# mypy: disable-error-code="import-not-found", disallow-subclassing-any=False

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any, Literal

import litellm
from pydantic import BaseModel, ConfigDict, Field

from .scenario import Lab, failure

TIMEOUT_S = 60.0
FEW_TOKENS = 12
TOKENS = 120
QUESTION = "What is the weather in Oslo for two days?"


class GetWeather(BaseModel):
    """The weather of a city."""

    model_config = ConfigDict(extra="forbid")
    city: Literal["Oslo", "Rome"]
    days: int = Field(ge=1, le=7)


TOOL = {
    "type": "function",
    "function": {"name": "get_weather", "description": "Weather.", "parameters": GetWeather.model_json_schema()},
}


def a_completion_answers(lab: Lab) -> None:
    """Text, reason and counts, after LiteLLM has put them into its own shape."""
    answer = _ask(lab, "Say hi.", max_tokens=FEW_TOKENS)
    (choice,) = answer.choices
    assert choice.message.role == "assistant", answer
    assert choice.message.content, answer
    assert choice.finish_reason in ("stop", "length"), answer
    assert isinstance(answer.created, int), answer
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens, answer


def a_stream_says_what_a_plain_answer_says(lab: Lab) -> None:
    """To the letter, with usage where it is asked for; LiteLLM's own builder makes the same of the chunks."""
    ask = partial(_ask, lab, "[[answer tokens=80]] Tell me all.", model=lab.fault_model)
    plain = ask()
    chunks = list(ask(stream=True, stream_options={"include_usage": True}))
    text = "".join(choice.delta.content or "" for chunk in chunks for choice in chunk.choices)
    assert text == plain.choices[0].message.content
    built = litellm.stream_chunk_builder(chunks)
    assert built.choices[0].message.content == text, built
    assert built.usage.completion_tokens == plain.usage.completion_tokens, built


def the_small_model_streams(lab: Lab) -> None:
    """Real text in pieces."""
    chunks = list(_ask(lab, "Say hi.", max_tokens=FEW_TOKENS, stream=True))
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks)
    assert chunks[-1].choices[0].finish_reason in ("stop", "length"), chunks[-1]


def asynchronous_calls_work(lab: Lab) -> None:
    """Several at once, and an asynchronous stream."""

    async def ask() -> None:
        fields = _fields(lab, "one", model=lab.fault_model, max_tokens=8)
        first, second = await asyncio.gather(*[litellm.acompletion(**fields) for _ in range(2)])
        assert first.choices[0].message.content == second.choices[0].message.content
        stream = await litellm.acompletion(**fields, stream=True)
        text = "".join([chunk.choices[0].delta.content or "" async for chunk in stream])
        assert text == first.choices[0].message.content

    asyncio.run(ask())


def a_tool_is_called_and_answered(lab: Lab) -> None:
    """The whole round on the small model: a forced call, its result, an answer in words."""
    forced = {"tools": [TOOL], "tool_choice": "required", "parallel_tool_calls": False, "max_tokens": TOKENS}
    (choice,) = _ask(lab, QUESTION, **forced).choices
    assert choice.finish_reason == "tool_calls", choice
    call = choice.message.tool_calls[0]
    GetWeather.model_validate_json(call.function.arguments)
    results = [{"role": "tool", "tool_call_id": each.id, "content": "clear"} for each in choice.message.tool_calls]
    messages = [{"role": "user", "content": QUESTION}, choice.message, *results]
    told = _ask(lab, QUESTION, messages=messages, tools=[TOOL], tool_choice="none", max_tokens=20)
    assert told.choices[0].message.content, told


def tool_calls_are_streamed(lab: Lab) -> None:
    """Two parallel calls out of chunks, put together by LiteLLM's own builder."""
    chunks = list(_ask(lab, "[[answer calls=2]] Weather?", model=lab.fault_model, tools=[TOOL], stream=True))
    calls = litellm.stream_chunk_builder(chunks).choices[0].message.tool_calls
    assert len({call.id for call in calls}) == 2, calls
    for call in calls:
        GetWeather.model_validate_json(call.function.arguments)


def a_class_makes_the_format(lab: Lab) -> None:
    """Plain and streamed, the text is a value of it."""
    asked = {"response_format": GetWeather, "max_tokens": TOKENS}
    GetWeather.model_validate_json(_ask(lab, QUESTION, **asked).choices[0].message.content)
    chunks = list(_ask(lab, QUESTION, **asked, stream=True))
    GetWeather.model_validate_json("".join(chunk.choices[0].delta.content or "" for chunk in chunks))


def thoughts_are_kept_apart(lab: Lab) -> None:
    """In LiteLLM's own field for them."""
    answer = _ask(lab, "[[answer reasoning=4 tokens=3]] Think.", model=lab.fault_model)
    assert answer.choices[0].message.reasoning_content, answer


def several_choices_come(lab: Lab) -> None:
    """`n` gives as many."""
    answer = _ask(lab, "Hi.", model=lab.fault_model, n=2, seed=5, max_tokens=6)
    first, second = (choice.message.content for choice in answer.choices)
    assert first != second, answer


def a_picture_is_seen(lab: Lab) -> None:
    """A data URL."""
    parts = [
        {"type": "image_url", "image_url": {"url": lab.red_image}},
        {"type": "text", "text": "What color is the image?"},
    ]
    messages = [{"role": "user", "content": parts}]
    answer = _ask(lab, "", messages=messages, model=lab.vision_model, max_tokens=FEW_TOKENS, temperature=0)
    assert "red" in answer.choices[0].message.content.lower(), answer


def texts_are_embedded(lab: Lab) -> None:
    """A vector each."""
    made = litellm.embedding(
        model=f"openai/{lab.embedding_model}", input=["Oslo", "Rome"], api_base=lab.base_url, api_key=lab.key
    )
    assert [one["index"] for one in made.data] == [0, 1], made
    assert made.data[0]["embedding"] != made.data[1]["embedding"], made


def a_text_is_continued(lab: Lab) -> None:
    """Plain and streamed."""
    ask = partial(
        litellm.text_completion, model=f"text-completion-openai/{lab.fault_model}", prompt="Once upon a time",
        api_base=lab.base_url, api_key=lab.key, max_tokens=8,
    )  # fmt: skip
    text = "".join(choice.text or "" for chunk in ask(stream=True) for choice in chunk.choices)
    assert text == ask().choices[0].text


def errors_have_their_classes(lab: Lab) -> None:
    """LiteLLM tells 401, 404, 400 and 503 apart, and keeps our sentence."""
    for kind, told, options in (
        (litellm.AuthenticationError, "API key", {"api_key": "sk-wrong"}),
        (litellm.NotFoundError, "nobody/nothing", {"model": "nobody/nothing"}),
        (litellm.BadRequestError, "temperature", {"temperature": 3}),
        (litellm.ServiceUnavailableError, lab.down_model, {"model": lab.down_model}),
    ):
        error = failure(kind, partial(_ask, lab, "Hi.", **options))
        assert type(error) is kind, type(error)
        assert told in str(error), error


def one_request_too_many_is_a_rate_limit_error(lab: Lab) -> None:
    """429."""
    ask = partial(_ask, lab, "Hi.", api_key=lab.once_key, model=lab.fault_model, max_tokens=2)
    ask()
    failure(litellm.RateLimitError, ask)


def a_stream_that_breaks_is_an_error(lab: Lab) -> None:
    """Never an answer that looks whole."""
    stream = _ask(lab, "[[fault:close k=3]] Hi.", model=lab.fault_model, stream=True)
    failure(litellm.exceptions.MidStreamFallbackError, lambda: list(stream))


def _ask(lab: Lab, text: str, **options: Any) -> Any:  # Any: LiteLLM's arguments and answers
    """What LiteLLM makes of one request, which it never tries twice."""
    return litellm.completion(**_fields(lab, text, **options))


def _fields(lab: Lab, text: str, *, model: str = "", **options: Any) -> dict[str, Any]:
    """The arguments of one request. The first word of a model tells LiteLLM which API it speaks."""
    settings = {
        "model": f"openai/{model or lab.model}",
        "api_base": lab.base_url,
        "api_key": lab.key,
        "messages": [{"role": "user", "content": text}],
        "timeout": TIMEOUT_S,
        "max_retries": 0,
    }
    return settings | options
