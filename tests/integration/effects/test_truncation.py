"""Shortened prompts, counted with the model's own tokenizer: what goes, what stays, what is told, what is refused."""

from __future__ import annotations

import json

import pytest

from tests.conformance.answers import JSON
from tests.conformance.client import CHAT, Client

from .lab import stored

NUGEN = "/api/v3/inference/chat/completions"
NUGEN_DEFAULT = 1500
SYSTEM: JSON = {"role": "system", "content": "You are brief. You are kind. You count in twos."}
LAST: JSON = {"role": "user", "content": "And what comes after nine?"}
TALK: list[JSON] = [
    SYSTEM,
    *(
        {"role": ("user", "assistant")[turn % 2], "content": f"Number {turn}: " + "one two three " * (turn % 4 + 2)}
        for turn in range(12)
    ),
    LAST,
]
CALLS: list[JSON] = [
    SYSTEM,
    {"role": "user", "content": "What is the weather in Rome and Oslo?"},
    {
        "role": "assistant",
        "content": None,
        "tool_calls": [
            {"id": name, "type": "function", "function": {"name": "weather", "arguments": json.dumps({"city": city})}}
            for name, city in (("call_1", "Rome"), ("call_2", "Oslo"))
        ],
    },
    {"role": "tool", "tool_call_id": "call_1", "content": "Sunny in Rome, " + "warm " * 20},
    {"role": "tool", "tool_call_id": "call_2", "content": "Snow in Oslo, " + "cold " * 20},
    {"role": "assistant", "content": "Sunny in Rome, snow in Oslo."},
    {"role": "user", "content": "And in Paris?"},
    {"role": "assistant", "content": "I do not know."},
    LAST,
]


def sent(client: Client, messages: list[JSON], limit: int | None, **fields: object) -> tuple[list[JSON], int, int]:
    """What the model got, how many tokens that was, and how many turns the header says went."""
    body = client.body(messages=messages, max_tokens=1, prompt_truncate_len=limit, store=True, **fields)
    reply = client.http.post(CHAT, json=body)
    assert reply.status_code == 200, reply.text
    answer = reply.json()
    kept: list[JSON] = stored(client, answer)["messages"]
    return kept, answer["usage"]["prompt_tokens"], int(reply.headers.get("x-prompt-truncated", "0"))


def tokens(client: Client, messages: list[JSON]) -> int:
    """How many tokens the model's template makes of these."""
    count = client.ask(messages=messages, max_tokens=1)["usage"]["prompt_tokens"]
    assert isinstance(count, int)
    return count


@pytest.mark.parametrize("limit", [90, 140, 200, 260])
def test_the_oldest_turns_go_and_no_more_than_needed(client: Client, limit: int) -> None:
    """At most the limit by the model's own count; system and last turn are there; one turn more would not fit."""
    kept, count, gone = sent(client, TALK, limit)
    assert kept == [SYSTEM, *TALK[1 + gone :]]
    assert kept[-1] == LAST
    assert 0 < gone < len(TALK) - 2
    assert count == tokens(client, kept) <= limit
    assert tokens(client, [SYSTEM, *TALK[gone:]]) > limit


def test_nothing_goes_from_what_fits(client: Client) -> None:
    """To the token: with a limit of just as many, all stays and no header is there; with one less, a turn goes."""
    exact = tokens(client, TALK)
    assert sent(client, TALK, exact) == (TALK, exact, 0)
    kept, count, gone = sent(client, TALK, exact - 1)
    assert (kept, gone) == ([SYSTEM, *TALK[2:]], 1)
    assert count < exact


def test_a_call_and_its_results_stay_or_go_together(client: Client) -> None:
    """Whatever the limit: no result without its call, no call without its results."""
    whole = tokens(client, CALLS)
    least = tokens(client, [SYSTEM, LAST])
    lengths = set()
    for limit in range(least, whole + 1, 8):
        kept, count, _ = sent(client, CALLS, limit)
        assert count <= limit
        called = [call["id"] for message in kept for call in message.get("tool_calls") or []]
        answered = [message["tool_call_id"] for message in kept if message["role"] == "tool"]
        assert called == answered
        assert (kept[0], kept[-1]) == (SYSTEM, LAST)
        lengths.add(len(kept))
    assert {2, 5, 8} <= lengths <= {2, 3, 4, 5, 8, 9}, lengths


def test_the_system_message_is_cut_last_of_all(client: Client) -> None:
    """Only when everything else has gone; its beginning stays."""
    long = SYSTEM | {"content": SYSTEM["content"] + " Be wise." * 30}
    alone = tokens(client, [LAST])
    kept, count, _ = sent(client, [long, *TALK[1:]], alone + 40)
    assert kept[-1] == LAST
    assert len(kept) == 2
    assert long["content"].startswith(kept[0]["content"])
    assert len(SYSTEM["content"]) // 2 < len(kept[0]["content"]) < len(long["content"])
    assert count <= alone + 40


def test_a_current_turn_that_is_too_long_is_refused(client: Client) -> None:
    """By the name of the limit that it breaks."""
    refusal = client.refuse(messages=[SYSTEM, {"role": "user", "content": "word " * 200}], prompt_truncate_len=60)
    assert (refusal.param, refusal.code) == ("prompt_truncate_len", "context_length_exceeded")


def test_what_is_continued_belongs_to_the_current_turn(client: Client) -> None:
    """A closing assistant message stays with the question before it."""
    begun = {"role": "assistant", "content": "After nine comes"}
    kept, _, gone = sent(client, [*TALK, begun], 120)
    assert kept[-2:] == [LAST, begun]
    assert gone > 0


def long_talk() -> list[JSON]:
    """More than Nugen's door lets through, and less than the context."""
    turns = [{"role": ("user", "assistant")[turn % 2], "content": f"{turn} " + "word " * 90} for turn in range(17)]
    return [SYSTEM, *turns, LAST]


def test_nugens_door_has_a_limit_of_its_own(client: Client) -> None:
    """1,500 tokens, although the request says nothing of a limit."""
    reply = client.http.post(NUGEN, json=client.body(messages=long_talk(), max_tokens=1))
    assert NUGEN_DEFAULT - 110 < reply.json()["usage"]["prompt_tokens"] <= NUGEN_DEFAULT
    assert int(reply.headers["x-prompt-truncated"]) > 0


@pytest.mark.slow
def test_nugens_limit_gives_way_to_the_requests(client: Client) -> None:
    """A larger one is kept too, and at /v1 there is none at all."""
    whole = client.http.post(NUGEN, json=client.body(messages=long_talk(), max_tokens=1, prompt_truncate_len=2500))
    assert whole.json()["usage"]["prompt_tokens"] == tokens(client, long_talk()) > NUGEN_DEFAULT
    assert "x-prompt-truncated" not in whole.headers
