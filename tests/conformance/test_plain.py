"""The shape of a plain answer: OpenAI's object with the additions that the other doors' pages promise."""

from __future__ import annotations

import time

from .answers import content
from .client import Client

HABIT = [{"role": role, "content": said} for role, said in (("user", "Go on."), ("assistant", "Banana."))] * 4
CONVERSATION = [{"role": "system", "content": "Be brief."}, *HABIT, {"role": "user", "content": "Go on."}]


def test_the_answer_has_every_documented_member(client: Client) -> None:
    """Members and types are OpenAI's, plus `metadata.node_id`."""
    answer = client.ask()
    assert answer["id"].startswith("chatcmpl-")
    assert answer["object"] == "chat.completion"
    assert type(answer["created"]) is int
    assert abs(answer["created"] - time.time()) < 120
    assert answer["model"] == client.model
    assert answer["metadata"]["node_id"]
    (choice,) = answer["choices"]
    assert choice["index"] == 0
    assert choice["logprobs"] is None
    assert choice["message"]["role"] == "assistant"
    assert choice["finish_reason"] in ("stop", "length")
    assert content(answer)


def test_the_answer_shows_nothing_of_the_engine(client: Client) -> None:
    """What only one engine says would tie clients to it, so it stays inside."""
    answer = client.ask()
    engines_own = {"timings", "prompt_logprobs", "kv_transfer_params", "prompt_token_ids", "service_tier"}
    assert not engines_own & set(answer)
    assert not {"stop_reason", "token_ids", "routed_experts"} & set(answer["choices"][0])
    assert not {"tool_calls", "reasoning_content", "audio"} & set(answer["choices"][0]["message"])


def test_every_answer_has_its_own_id(client: Client) -> None:
    """Two answers to the same request are two answers."""
    assert client.ask(max_tokens=1)["id"] != client.ask(max_tokens=1)["id"]


def test_usage_adds_up(client: Client) -> None:
    """The total is the sum, and the details are never more than what they detail."""
    usage = client.ask(max_tokens=5, logit_bias={"2": -100})["usage"]
    assert usage["completion_tokens"] == 5
    assert usage["prompt_tokens"] > 5
    assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"]
    assert 0 <= usage["prompt_tokens_details"]["cached_tokens"] <= usage["prompt_tokens"]
    assert usage["completion_tokens_details"]["reasoning_tokens"] == 0


def test_a_longer_prompt_counts_more(client: Client) -> None:
    """Twenty words more are twenty tokens more: the prompt is counted, not estimated."""
    short = client.ask("dog " * 10, max_tokens=1)["usage"]["prompt_tokens"]
    long = client.ask("dog " * 30, max_tokens=1)["usage"]["prompt_tokens"]
    assert long - short == 20


def test_max_tokens_cuts_with_length(client: Client) -> None:
    """An answer that was cut says so."""
    answer = client.ask("Tell me a long story.", max_tokens=3)
    assert answer["choices"][0]["finish_reason"] == "length"
    assert answer["usage"]["completion_tokens"] == 3


def test_max_completion_tokens_wins(client: Client) -> None:
    """The newer name of the same limit is the one that counts."""
    answer = client.ask("Tell me a long story.", max_tokens=20, max_completion_tokens=2)
    assert answer["usage"]["completion_tokens"] == 2


def test_without_a_limit_the_model_ends_by_itself(client: Client) -> None:
    """A stop text ends it here, so that the test is short; the limit is the context."""
    answer = client.ask("Count: 1, 2, 3", max_tokens=None, stop=["a", "e", "i", "o"])
    assert answer["choices"][0]["finish_reason"] == "stop"


def test_earlier_turns_reach_the_model(client: Client) -> None:
    """A habit that was shown four times is kept, which a model that saw only the last turn could not know."""
    assert content(client.ask(messages=CONVERSATION, temperature=0)).startswith("Banana")
    assert not content(client.ask("Go on.", temperature=0)).startswith("Banana")


def test_developer_is_system(client: Client) -> None:
    """The newer name of the role makes the same prompt."""
    newer = [{"role": "developer", "content": "Be brief."}, *CONVERSATION[1:]]
    counts = [client.ask(messages=m, max_tokens=1)["usage"]["prompt_tokens"] for m in (CONVERSATION, newer)]
    assert counts[0] == counts[1]


def test_text_parts_are_joined_without_a_separator(client: Client) -> None:
    """A list of text parts is the string that they make."""
    parts = [{"type": "text", "text": "Say"}, {"type": "text", "text": " hi."}]
    listed = client.ask(messages=[{"role": "user", "content": parts}], temperature=0)
    assert content(listed) == content(client.ask("Say hi.", temperature=0))
    assert listed["usage"]["prompt_tokens"] == client.ask("Say hi.", max_tokens=1)["usage"]["prompt_tokens"]


def test_text_of_any_script_comes_back_whole(client: Client) -> None:
    """Characters of several bytes survive the way there and back."""
    schema = {"type": "object", "properties": {"said": {"const": "日本 é 🦊"}}, "required": ["said"]}
    said = {"type": "json_schema", "json_schema": {"name": "said", "schema": schema | {"additionalProperties": False}}}
    assert "日本 é 🦊" in content(client.ask("日本 é 🦊?", response_format=said, max_tokens=60))


def test_empty_text_is_allowed(client: Client) -> None:
    """An empty question is still a turn."""
    assert client.ask("", max_tokens=2)["usage"]["completion_tokens"] > 0
