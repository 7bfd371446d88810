"""The bytes of OpenAI's text completions, as clients read them."""

from __future__ import annotations

import json

import msgspec
import pytest

from antiphon.chat import Choice, Completion, Delta, Logprob, TokenLogprob, Usage
from antiphon.completions.dialects import Head, RequestBounds
from antiphon.completions.dialects.canonical_text import MAX_TOKENS_DEFAULT, id_prefix, parse, render, stream
from antiphon.errors import BadRequest

HEAD = Head(id="cmpl-1", created=5.5, model="m", node="node-1")
USAGE = Usage(prompt_tokens=7, completion_tokens=2, cached_tokens=3)
USAGE_JSON = {
    "prompt_tokens": 7,
    "completion_tokens": 2,
    "total_tokens": 9,
    "prompt_tokens_details": {"cached_tokens": 3},
    "completion_tokens_details": {"reasoning_tokens": 0},
}
BOUNDS = RequestBounds(n_max=4, messages_max=8)
ENTRY = Logprob("ab", -0.5, None, [TokenLogprob("ab", -0.5)])


def test_a_request() -> None:
    """With OpenAI's default of sixteen tokens; the session from body or header, unknown fields by name."""
    body = b'{"model": "m", "prompt": "Once", "session_id": "s", "odd": 1}'
    request = parse(body, {}, BOUNDS)
    assert (request.prompts, request.sampling.max_tokens) == (("Once",), MAX_TOKENS_DEFAULT)
    assert (request.session_id, request.ignored_fields, request.door) == ("s", ("odd",), "v1")
    with pytest.raises(BadRequest, match="odd: unknown field"):
        parse(body, {}, msgspec.structs.replace(BOUNDS, strict_fields=True))


@pytest.mark.parametrize(
    ("body", "param"),
    [
        (b'{"model": "m"}', "prompt"),
        (b'{"prompt": "a"}', "model"),
        (b'{"model": "m", "prompt": 5}', "prompt"),
        (b'{"model": "m", "prompt": [true]}', "prompt[0]"),
        (b'{"model": "m", "prompt": [-1]}', "prompt[0]"),
        (b'{"model": "m", "prompt": "a", "logprobs": true}', "logprobs"),
        (b'{"model": "m", "prompt": "a", "logprobs": 21}', "logprobs"),
        (b'{"model": "m", "prompt": "a", "max_tokens": -1}', "max_tokens"),
        (b'{"model": "m", "prompt": "a", "temperature": 3}', "temperature"),
        (b"{", None),
    ],
)
def test_what_is_refused(body: bytes, param: str | None) -> None:
    """With the field at fault."""
    with pytest.raises(BadRequest) as refused:
        parse(body, {}, BOUNDS)
    assert refused.value.param == param


def test_a_plain_answer() -> None:
    """Log-probabilities are there as null; only the vendor's own fields when they are to be exact."""
    completion = Completion((Choice(0, "Hi \u2603"), Choice(1, None, finish_reason="length")), USAGE)
    expected = {
        "id": "cmpl-1",
        "object": "text_completion",
        "created": 5,
        "model": "m",
        "choices": [
            {"text": "Hi \u2603", "index": 0, "logprobs": None, "finish_reason": "stop"},
            {"text": "", "index": 1, "logprobs": None, "finish_reason": "length"},
        ],
        "usage": USAGE_JSON,
    }
    assert json.loads(render(completion, HEAD)) == expected | {"metadata": {"node_id": "node-1"}}
    assert json.loads(render(completion, msgspec.structs.replace(HEAD, exact=True))) == expected
    assert id_prefix(dria=True) == "cmpl-"


def test_logprobs_and_ids_of_a_plain_answer() -> None:
    """In the older form, and where the completion can be found again."""
    completion = Completion((Choice(0, "ab", logprobs=(ENTRY,)),), USAGE)
    (choice,) = json.loads(render(completion, msgspec.structs.replace(HEAD, completion_ids=("c-0",))))["choices"]
    assert choice["completion_id"] == "c-0"
    assert choice["logprobs"] == {
        "tokens": ["ab"], "token_logprobs": [-0.5], "top_logprobs": [{"ab": -0.5}], "text_offset": [0],
    }  # fmt: skip


def payloads(data: bytes) -> list[dict[str, object]]:
    """The payloads of events."""
    return [json.loads(line.removeprefix(b"data: ")) for line in data.split(b"\n\n") if line]


def test_a_stream() -> None:
    """Text, the end, and the usage where it was asked for."""
    renderer = stream(msgspec.structs.replace(HEAD, include_usage=True, completion_ids=("c-0", "c-1")))
    said = renderer.delta(Delta(1, 'a"')) + renderer.delta(Delta(1, "b", finish_reason="stop"))
    head = {"id": "cmpl-1", "object": "text_completion", "created": 5, "model": "m"}
    assert payloads(said) == [
        head | {"choices": [{"text": 'a"', "index": 1, "logprobs": None, "finish_reason": None}]},
        head | {"choices": [
            {"text": "b", "index": 1, "logprobs": None, "finish_reason": "stop", "completion_id": "c-1"}
        ]},
    ]  # fmt: skip
    assert payloads(renderer.end(USAGE, None)) == [head | {"choices": [], "usage": USAGE_JSON}]
    assert stream(HEAD).end(USAGE, None) == b""


def test_offsets_go_on_through_a_stream() -> None:
    """Each choice counts its own characters."""
    renderer = stream(HEAD)
    offsets = []
    for index in (0, 1, 0):
        (payload,) = payloads(renderer.delta(Delta(index, "ab", logprobs=(ENTRY,))))
        offsets += [choice["logprobs"]["text_offset"] for choice in payload["choices"]]  # type: ignore[attr-defined]
    assert offsets == [[0], [0], [2]]
