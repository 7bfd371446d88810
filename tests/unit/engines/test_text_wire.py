"""Text completions on the wire: bodies for each kind of engine, and answers in both shapes of log-probabilities."""

from __future__ import annotations

import json
from typing import Any

import pytest

from antiphon.chat import Choice, Delta, Logprob, Prompt, Sampling, TokenLogprob, Usage
from antiphon.engines import Job, text_wire
from antiphon.engines.kinds import kind
from antiphon.errors import EngineFailed

WireObject = dict[str, Any]  # Any: a body of the wire, any JSON


def job(prompt: Prompt = "Once", **sampling: Any) -> Job:  # Any: fields of Sampling
    """A job with a prompt and no messages."""
    return Job("m", (), Sampling(**sampling), prompt=prompt)


def sent(job: Job, name: str = "llama.cpp", *, stream: bool = False) -> WireObject:
    """The body that an engine of that kind gets."""
    body: WireObject = json.loads(text_wire.encode(job, kind(name), stream=stream))
    return body


def test_the_shortest_body() -> None:
    """What is not said is not sent: the model and the prompt are all."""
    assert sent(job()) == {"model": "m", "prompt": "Once"}


def test_token_ids_go_as_a_list() -> None:
    """One prompt, whose tokens the caller has chosen."""
    assert sent(job((1, 2, 3)))["prompt"] == [1, 2, 3]


@pytest.mark.parametrize("name", ["llama.cpp", "vllm", "sglang", "ollama", "openai"])
def test_the_limit_of_tokens_has_one_name(name: str) -> None:
    """Also for the engines that know it by another name in a chat."""
    body = sent(job(max_tokens=5), name)
    assert body["max_tokens"] == 5
    assert "max_completion_tokens" not in body


def test_sampling_goes_under_each_kinds_names() -> None:
    """As in a chat."""
    sampling: WireObject = {
        "temperature": 0.0,
        "top_p": 0.0,
        "top_k": -1,
        "min_p": 0.1,
        "repetition_penalty": 1.1,
        "stop": ("x",),
    }
    plain = {"model": "m", "prompt": "Once", "temperature": 0.0, "stop": ["x"]}
    assert sent(job(**sampling)) == plain | {"top_p": 0.0, "top_k": 1, "min_p": 0.1, "repeat_penalty": 1.1}
    own = {"top_p": 1e-6, "top_k": 0, "min_p": 0.1, "repetition_penalty": 1.1}
    assert sent(job(**sampling), "vllm") == plain | own


def test_a_stream_asks_for_its_usage() -> None:
    """And an engine that must be asked tells its progress."""
    told = {"stream": True, "stream_options": {"include_usage": True}}
    assert sent(job(), "vllm", stream=True) == {"model": "m", "prompt": "Once"} | told
    assert sent(job(), stream=True)["return_progress"] is True


@pytest.mark.parametrize(("name", "top", "number"), [("llama.cpp", 0, 1), ("llama.cpp", 3, 3), ("vllm", 0, 0)])
def test_logprobs_are_a_number(name: str, top: int, number: int) -> None:
    """Of alternatives; llama.cpp lists no token when none is asked for."""
    assert sent(job(logprobs=True, top_logprobs=top), name)["logprobs"] == number
    assert "logprobs" not in sent(job(), name)


def chunk(**choice: Any) -> bytes:  # Any: fields of a choice
    """A chunk with one choice."""
    return json.dumps({"choices": [{"index": 0, **choice}]}).encode()


def test_chunks_become_deltas() -> None:
    """Text, the end, the usage; a chunk that says nothing is none."""
    assert text_wire.decode(chunk(text=" Paris", finish_reason=None, logprobs=None)) == (Delta(content=" Paris"), None)
    assert text_wire.decode(chunk(text="", finish_reason="length")) == (Delta(finish_reason="length"), None)
    assert text_wire.decode(chunk(text="x", finish_reason="stop")) == (Delta(content="x", finish_reason="stop"), None)
    assert text_wire.decode(chunk(text="", finish_reason=None)) == (None, None)
    told = b'{"choices": [], "usage": {"prompt_tokens": 5, "completion_tokens": 3, "total_tokens": 8}}'
    assert text_wire.decode(told) == (None, Usage(5, 3))


def test_parallel_lists_become_entries() -> None:
    """The alternatives sorted from the likeliest, bytes where the text tells them; no place without a probability."""
    logprobs = {
        "tokens": ["first", " é", "\ufffd"],
        "token_logprobs": [None, -1.5, -0.5],
        "top_logprobs": [None, {" é": -1.5, " e": -0.25}, None],
        "text_offset": [0, 5, 7],
    }
    delta, _ = text_wire.decode(chunk(text=" é\ufffd", logprobs=logprobs))
    assert delta is not None
    assert delta.logprobs == (
        Logprob(
            " é", -1.5, [32, 195, 169],
            [TokenLogprob(" e", -0.25, [32, 101]), TokenLogprob(" é", -1.5, [32, 195, 169])],
        ),
        Logprob("\ufffd", -0.5),
    )  # fmt: skip


def test_entries_stay_entries() -> None:
    """llama.cpp uses the shape of chat here; its empty token at the end is left out."""
    entry = {"id": 7, "token": "a", "logprob": -0.5, "bytes": [97], "top_logprobs": []}
    end = {"id": 2, "token": "", "logprob": -0.1, "bytes": [], "top_logprobs": []}
    delta, _ = text_wire.decode(chunk(text="a", logprobs={"content": [entry, end]}))
    assert delta is not None
    assert delta.logprobs == (Logprob("a", -0.5, [97]),)
    assert text_wire.decode(chunk(text="", finish_reason="stop", logprobs={"content": [entry]})) == (
        Delta(finish_reason="stop"),
        None,
    )


def test_a_plain_answer_is_its_first_choice() -> None:
    """With its usage; without log-probabilities there are none."""
    body = {
        "choices": [{"text": " Paris", "index": 0, "logprobs": None, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 5, "completion_tokens": 2, "prompt_tokens_details": {"cached_tokens": 4}},
    }
    assert text_wire.decode_whole(json.dumps(body).encode()) == (
        Choice(content=" Paris", finish_reason="stop"),
        Usage(5, 2, 4),
    )


@pytest.mark.parametrize(
    "body",
    [
        b"<html>", b"[]", b'{"choices": []}', b'{"choices": [{"text": "x"}]}',
        b'{"choices": [{"finish_reason": "stop"}]}',
        b'{"error": {"message": "dead"}}', b"\xff", b"[" * 5000,
    ],
)  # fmt: skip
def test_what_is_no_answer_is_a_failure(body: bytes) -> None:
    """Whatever it is instead."""
    with pytest.raises(EngineFailed):
        text_wire.decode_whole(body)


@pytest.mark.parametrize("body", [b"<html>", b'{"choices": [{"delta": {}}]}', b'{"error": {"message": "dead"}}'])
def test_what_is_no_chunk_is_a_failure(body: bytes) -> None:
    """Also a chat's chunk."""
    with pytest.raises(EngineFailed):
        text_wire.decode(body)
