"""Fields that nobody documented are ignored and named; what only an engine knows never reaches it."""

from __future__ import annotations

import pytest

from .answers import JSON, content
from .client import CHAT, Client, connect
from .conftest import Gateway

# Each would show in the answer if an engine saw it.
PRIVATE: JSON = {
    "grammar": 'root ::= "intruder"',
    "json_schema": {"const": "intruder"},
    "structured_outputs": {"choice": ["intruder"]},
    "guided_choice": ["intruder"],
    "guided_regex": "intruder",
    "n_predict": 1,
    "min_tokens": 12,
    "stop_token_ids": list(range(3, 2000)),
    "ignore_eos": True,
    "samplers": ["temperature"],
    "n_probs": 5,
    "return_token_ids": True,
    "prompt_logprobs": 2,
    "echo": True,
    "add_generation_prompt": False,
    "continue_final_message": True,
    "chat_template": "intruder",
    "truncate_prompt_tokens": 1,
    "mirostat": 2,
    "timings_per_token": True,
    "bad_words": ["a", " a", "the", " the"],
    "allowed_token_ids": [28],
    "post_sampling_probs": True,
    "id_slot": 99,
    "lora": [{"id": 0, "scale": 1}],
    "vllm_xargs": {"a": "b"},
    "priority": 5,
    "api_base": "http://127.0.0.1:1/",
    "base_url": "http://127.0.0.1:1/",
}


@pytest.fixture(name="plain", scope="module")
def answer_without_private_fields(gateway: Gateway) -> JSON:
    """What the gateway says when only documented fields are sent."""
    client = connect(gateway.url, gateway.key, gateway.model)
    with client.http:
        return client.ask("What is the capital of France?", temperature=0, max_tokens=6)


@pytest.mark.parametrize("field", sorted(PRIVATE))
def test_a_private_field_changes_nothing(client: Client, plain: JSON, field: str) -> None:
    """The greedy answer is the one without it, and the field is named as ignored."""
    fields: JSON = {"temperature": 0, "max_tokens": 6, field: PRIVATE[field]}
    sent = client.send("What is the capital of France?", **fields)
    assert sent.status_code == 200, sent.text
    assert field in sent.headers["x-ignored-fields"].split(", ")
    answer = sent.json()
    assert content(answer) == content(plain)
    assert set(answer) == set(plain)
    assert set(answer["choices"][0]) == set(plain["choices"][0])
    assert answer["usage"]["completion_tokens"] == plain["usage"]["completion_tokens"]


def test_all_ignored_fields_are_named_in_streams_too(client: Client) -> None:
    """In the header, in the order in which they were sent."""
    body = client.body(max_tokens=1, stream=True, zebra=1, apple={"a": None})
    with client.http.stream("POST", CHAT, json=body) as response:
        assert response.headers["x-ignored-fields"] == "zebra, apple"
        response.read()


def test_a_known_body_names_nothing(client: Client) -> None:
    """Also the harmless fields of other APIs are known, and not complained about."""
    answer = client.send(max_tokens=1, user="u", metadata={"a": "b"}, store=False, safety_identifier="s")
    assert "x-ignored-fields" not in answer.headers


def test_a_header_cannot_be_smuggled_in(client: Client) -> None:
    """Names with line breaks or other alphabets are shown harmlessly."""
    fields: JSON = {"a\r\nset-cookie: x": 1, "日本": 2, "x" * 5000: 3}
    answer = client.send(max_tokens=1, **fields)
    assert answer.status_code == 200
    assert "set-cookie" not in answer.headers
    assert len(answer.headers["x-ignored-fields"]) <= 4096
