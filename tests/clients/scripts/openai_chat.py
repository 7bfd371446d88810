"""Plain chat with the official Python SDK, at any door."""

# mypy: disable-error-code="import-not-found"

from __future__ import annotations

import asyncio
import time
from uuid import uuid4

import openai

from .openai_connect import FEW_TOKENS, TIMEOUT_S, connect, say
from .scenario import Lab

TEMPERATE = {"temperature": 0.5, "top_p": 0.9, "frequency_penalty": 0.1, "presence_penalty": 0.1, "seed": 7}
EXTRA = {"top_k": 20, "min_p": 0.05, "repetition_penalty": 1.1, "timeout_secs": 60}


def chat_answers(lab: Lab) -> None:
    """Every documented field of an answer has its type, and the counts add up."""
    answer = connect(lab).chat.completions.create(model=lab.model, messages=say("Say hi."), max_tokens=FEW_TOKENS)
    (choice,) = answer.choices
    assert (answer.object, answer.model) == ("chat.completion", lab.id_of(lab.model)), answer
    assert abs(answer.created - time.time()) < 60, answer
    assert (choice.index, choice.message.role) == (0, "assistant"), answer
    assert choice.message.content, answer
    assert choice.message.tool_calls is None, answer
    assert choice.finish_reason in ("stop", "length"), answer
    assert 0 < answer.usage.completion_tokens <= FEW_TOKENS, answer
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens, answer
    assert answer._request_id.startswith("req_"), answer


def every_sampling_field_is_taken(lab: Lab) -> None:
    """None of the fields that the SDK or its users name is refused or left aside."""
    raw = connect(lab).chat.completions.with_raw_response.create(
        model=lab.model,
        messages=say("Count to three."),
        max_completion_tokens=FEW_TOKENS,
        stop=["four", "five"],
        logit_bias={"42": -100},
        user=str(uuid4()),
        metadata={"purpose": "test"},
        extra_body=EXTRA,
        **TEMPERATE,
    )
    assert "x-ignored-fields" not in raw.headers, raw.headers
    assert raw.parse().choices[0].finish_reason in ("stop", "length")


def an_unknown_field_is_named(lab: Lab) -> None:
    """A field that nobody knows changes nothing, and a header says so."""
    raw = connect(lab).chat.completions.with_raw_response.create(
        model=lab.model, messages=say("Say hi."), max_tokens=2, extra_body={"sparkle": True}
    )
    assert raw.headers["x-ignored-fields"] == "sparkle"


def max_tokens_is_kept(lab: Lab) -> None:
    """The fault engine would say more: exactly so many tokens come, and the reason is `length`."""
    answer = connect(lab).chat.completions.create(model=lab.fault_model, messages=say("Go on."), max_tokens=5)
    assert answer.choices[0].finish_reason == "length", answer
    assert answer.usage.completion_tokens == 5, answer


def roles_and_parts_are_taken(lab: Lab) -> None:
    """Developer, user and assistant turns; content as a string, in parts, or null beside calls."""
    call = {"id": "call_1", "type": "function", "function": {"name": "look", "arguments": "{}"}}
    messages = [
        {"role": "developer", "content": "Be short."},
        {"role": "user", "content": [{"type": "text", "text": "Look"}, {"type": "text", "text": " up."}]},
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "call_1", "content": [{"type": "text", "text": "blue"}]},
        {"role": "user", "content": "Which colour?", "name": "Eve_1"},
    ]
    answer = connect(lab).chat.completions.create(model=lab.model, messages=messages, max_tokens=FEW_TOKENS)
    assert answer.choices[0].message.content, answer


def several_choices_are_counted(lab: Lab) -> None:
    """Three choices with indices of their own; usage counts all of them."""
    answer = connect(lab).chat.completions.create(model=lab.model, messages=say("Say hi."), max_tokens=4, n=3)
    assert [choice.index for choice in answer.choices] == [0, 1, 2], answer
    assert all(choice.message.content and choice.finish_reason for choice in answer.choices), answer
    assert 3 < answer.usage.completion_tokens <= 12, answer


def logprobs_fit_the_text(lab: Lab) -> None:
    """One entry a token with its bytes and alternatives; together the tokens are the text."""
    answer = connect(lab).chat.completions.create(
        model=lab.model, messages=say("Say hi."), max_tokens=6, logprobs=True, top_logprobs=3
    )
    (choice,) = answer.choices
    entries = choice.logprobs.content
    assert bytes(byte for entry in entries for byte in entry.bytes).decode() == choice.message.content, answer
    assert all(entry.logprob <= 0 and len(entry.top_logprobs) == 3 for entry in entries), answer


def logprobs_are_null_unless_asked_for(lab: Lab) -> None:
    """As the SDK's type says."""
    answer = connect(lab).chat.completions.create(model=lab.model, messages=say("Say hi."), max_tokens=2)
    assert answer.choices[0].logprobs is None, answer


def reasoning_is_kept_apart(lab: Lab) -> None:
    """The engine's thinking is in `reasoning_content`, not in the text, and is counted."""
    messages = say("[[answer reasoning=4 tokens=3]] Think.")
    answer = connect(lab).chat.completions.create(model=lab.fault_model, messages=messages)
    (choice,) = answer.choices
    assert len(choice.message.model_extra["reasoning_content"].split()) >= 4, answer
    assert choice.message.model_extra["reasoning_content"] not in choice.message.content, answer
    assert answer.usage.completion_tokens == 7, answer


def the_asynchronous_client_works(lab: Lab) -> None:
    """Several plain answers and streams at once over one AsyncOpenAI."""

    async def ask() -> None:
        async with openai.AsyncOpenAI(base_url=lab.base_url, api_key=lab.key, timeout=TIMEOUT_S) as client:
            create = client.chat.completions.create
            plain = [create(model=lab.fault_model, messages=say(f"Number {i}"), max_tokens=8) for i in range(4)]
            answers = await asyncio.gather(*plain)
            for i, answer in enumerate(answers):
                stream = await create(model=lab.fault_model, messages=say(f"Number {i}"), max_tokens=8, stream=True)
                pieces = [chunk.choices[0].delta.content or "" async for chunk in stream]
                assert "".join(pieces) == answer.choices[0].message.content

    asyncio.run(ask())
