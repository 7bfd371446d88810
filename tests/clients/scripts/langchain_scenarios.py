"""What LangChain's users do with ChatOpenAI at any door: invoke, stream, tools, structured output, images, errors."""

# The client is in its own environment only, so nothing is known of its types where types are checked.
# mypy: disable-error-code="import-not-found", disallow-subclassing-any=False

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any, Literal

import openai
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage, ToolMessage
from langchain_openai import ChatOpenAI, OpenAI, OpenAIEmbeddings
from pydantic import BaseModel, Field

from .scenario import Lab, failure

TIMEOUT_S = 60.0
FEW_TOKENS = 12
TOKENS = 120
QUESTION = "What is the weather in Oslo for two days?"


class GetWeather(BaseModel):
    """The weather of a city."""

    city: Literal["Oslo", "Rome"] = Field(description="Where.")
    days: int = Field(ge=1, le=7, description="For how long.")


def invoke_answers(lab: Lab) -> None:
    """Text, usage, and what the client keeps beside them."""
    answer = _chat(lab, max_tokens=FEW_TOKENS).invoke([SystemMessage("Be short."), HumanMessage("Say hi.")])
    assert isinstance(answer, AIMessage), answer
    assert isinstance(answer.content, str), answer
    assert answer.content, answer
    assert answer.response_metadata["finish_reason"] in ("stop", "length"), answer
    assert answer.response_metadata["model_name"] == lab.id_of(lab.model), answer
    usage = answer.usage_metadata
    assert 0 < usage["output_tokens"] <= FEW_TOKENS, answer
    assert usage["total_tokens"] == usage["input_tokens"] + usage["output_tokens"], answer


def stream_makes_the_same_message(lab: Lab) -> None:
    """The chunks add up to what `invoke` gives, usage and reason included."""
    chat = _chat(lab, model=lab.fault_model, max_tokens=20, stream_usage=True)
    whole = chat.invoke("Tell me all.")
    first, *rest = chat.stream("Tell me all.")
    told = first
    for chunk in rest:
        told += chunk
    assert len(rest) > 10, rest
    assert told.content == whole.content
    assert told.usage_metadata == whole.usage_metadata, told
    assert told.response_metadata["finish_reason"] == "length", told


def the_small_model_streams(lab: Lab) -> None:
    """Real text in pieces."""
    pieces = [chunk.content for chunk in _chat(lab, max_tokens=FEW_TOKENS).stream("Say hi.")]
    assert "".join(pieces)


def asynchronous_calls_work(lab: Lab) -> None:
    """Several at once, and an asynchronous stream."""

    async def ask() -> None:
        chat = _chat(lab, model=lab.fault_model, max_tokens=8)
        first, second = await chat.abatch(["one", "two"])
        assert first.content != second.content
        assert "".join([chunk.content async for chunk in chat.astream("one")]) == first.content

    asyncio.run(ask())


def a_bound_tool_is_called_and_answered(lab: Lab) -> None:
    """The whole round on the small model: a forced call, its result, an answer in words."""
    chat = _chat(lab, max_tokens=TOKENS)
    asked = chat.bind_tools([GetWeather], tool_choice="GetWeather", parallel_tool_calls=False).invoke(QUESTION)
    (call,) = asked.tool_calls
    assert not asked.invalid_tool_calls, asked
    GetWeather.model_validate(call["args"])
    messages = [HumanMessage(QUESTION), asked, ToolMessage("clear", tool_call_id=call["id"])]
    told = chat.bind_tools([GetWeather], tool_choice="none").invoke(messages, max_tokens=20)
    assert told.content, told
    assert not told.tool_calls, told


def tool_calls_are_streamed(lab: Lab) -> None:
    """Two parallel calls out of chunks, each with its own id and arguments."""
    chat = _chat(lab, model=lab.fault_model).bind_tools([GetWeather])
    first, *rest = chat.stream("[[answer calls=2]] Weather?")
    told = first
    for chunk in rest:
        told += chunk
    assert len({call["id"] for call in told.tool_calls}) == 2, told
    for call in told.tool_calls:
        GetWeather.model_validate(call["args"])


def structured_output_by_schema(lab: Lab) -> None:
    """The client's default way: a JSON schema."""
    found = _chat(lab, max_tokens=TOKENS).with_structured_output(GetWeather).invoke(QUESTION)
    assert isinstance(found, GetWeather), found


def structured_output_by_calling(lab: Lab) -> None:
    """The older way: a forced call."""
    chat = _chat(lab, max_tokens=TOKENS).with_structured_output(GetWeather, method="function_calling")
    found = chat.invoke(QUESTION)
    assert isinstance(found, GetWeather), found


def structured_output_is_streamed(lab: Lab) -> None:
    """The last of what a stream gives is the value."""
    *_, last = _chat(lab, max_tokens=TOKENS).with_structured_output(GetWeather).stream(QUESTION)
    assert isinstance(last, GetWeather), last


def logprobs_are_kept(lab: Lab) -> None:
    """In the message's metadata."""
    answer = _chat(lab, max_tokens=4, logprobs=True, top_logprobs=2).invoke("Say hi.")
    entries = answer.response_metadata["logprobs"]["content"]
    assert all(len(entry["top_logprobs"]) == 2 for entry in entries), entries
    assert bytes(byte for entry in entries for byte in entry["bytes"]).decode() == answer.content


def several_choices_are_generated(lab: Lab) -> None:
    """`n` gives as many generations."""
    chat = _chat(lab, model=lab.fault_model, max_tokens=6, n=2, seed=5)
    ((first, second),) = chat.generate([[HumanMessage("Hi.")]]).generations
    assert first.text != second.text


def a_picture_is_seen(lab: Lab) -> None:
    """LangChain's own image part, which its client turns into a data URL."""
    kind, _, data = lab.red_image.removeprefix("data:").partition(";base64,")
    image = {"type": "image", "base64": data, "mime_type": kind}
    message = HumanMessage([image, {"type": "text", "text": "What color is the image?"}])
    answer = _chat(lab, model=lab.vision_model, max_tokens=FEW_TOKENS, temperature=0).invoke([message])
    assert "red" in answer.content.lower(), answer


def texts_are_embedded(lab: Lab) -> None:
    """A query and documents, as a vector store asks for them."""
    made = OpenAIEmbeddings(
        base_url=lab.base_url, api_key=lab.key, model=lab.embedding_model,
        check_embedding_ctx_length=False,  # else it counts tokens with a tokenizer that it downloads
    )  # fmt: skip
    first, second = made.embed_documents(["Oslo", "Rome"])
    assert made.embed_query("Oslo") == first != second


def a_text_is_continued(lab: Lab) -> None:
    """LangChain's older kind of model."""
    model = OpenAI(base_url=lab.base_url, api_key=lab.key, model=lab.fault_model, max_tokens=8, max_retries=0)
    assert "".join(model.stream("Once upon a time")) == model.invoke("Once upon a time")


def errors_are_the_sdks(lab: Lab) -> None:
    """The exceptions of the SDK below come through."""
    for kind, options in (
        (openai.AuthenticationError, {"api_key": "sk-wrong"}),
        (openai.NotFoundError, {"model": "nobody/nothing"}),
        (openai.UnprocessableEntityError if lab.door == "nugen" else openai.BadRequestError, {"temperature": 3}),
        (openai.InternalServerError, {"model": lab.down_model}),
    ):
        failure(kind, partial(_chat(lab, **options).invoke, "Hi."))


def one_request_too_many_is_a_rate_limit_error(lab: Lab) -> None:
    """429 is the SDK's RateLimitError."""
    chat = _chat(lab, api_key=lab.once_key, model=lab.fault_model, max_tokens=2)
    chat.invoke("Hi.")
    failure(openai.RateLimitError, lambda: chat.invoke("Hi."))


def a_stream_that_breaks_is_an_error(lab: Lab) -> None:
    """Never a message that looks whole."""
    chat = _chat(lab, model=lab.fault_model)
    failure(openai.APIError, lambda: list(chat.stream("[[fault:close k=3]] Hi.")))


def _chat(lab: Lab, **options: Any) -> Any:  # Any: the client and its options
    """A chat model that never tries twice."""
    settings = {"base_url": lab.base_url, "api_key": lab.key, "model": lab.model, "timeout": TIMEOUT_S}
    return ChatOpenAI(**(settings | {"max_retries": 0} | options))
