"""Several choices of one request: each has its index, its end and its share of the usage."""

from __future__ import annotations

from .answers import content
from .client import Client

STORY = "Tell me a long story."


def test_two_choices_are_two_answers(client: Client) -> None:
    """Their indexes are 0 and 1, and chance makes them differ."""
    answer = client.ask(STORY, n=2, temperature=1.5, max_tokens=12)
    assert [choice["index"] for choice in answer["choices"]] == [0, 1]
    assert content(answer, 0) != content(answer, 1)


def test_usage_is_the_sum_over_choices(client: Client) -> None:
    """All choices are paid for; the prompt is counted once."""
    one = client.ask(STORY, max_tokens=5)["usage"]
    three = client.ask(STORY, n=3, max_tokens=5)["usage"]
    assert three["completion_tokens"] == 15
    assert three["prompt_tokens"] == one["prompt_tokens"]
    assert three["total_tokens"] == three["prompt_tokens"] + 15


def test_streamed_choices_are_told_apart(client: Client) -> None:
    """Each index has its own role, text and end; one usage and one [DONE] close all of them."""
    stream = client.stream(STORY, n=2, max_tokens=6, temperature=1, stream_options={"include_usage": True})
    assert {choice["index"] for choice in stream.choices} == {0, 1}
    for index in (0, 1):
        assert [p["delta"]["role"] for p in stream.of(index) if "role" in p["delta"]] == ["assistant"]
        assert stream.finish_reasons(index) == ["length"]
        assert stream.of(index)[-1]["finish_reason"] == "length"
        assert stream.text(index)
    (usage,) = stream.usages
    assert usage["completion_tokens"] == 12
    assert stream.done


def test_streamed_choices_come_side_by_side(client: Client) -> None:
    """The second does not wait for the end of the first."""
    order = [piece["index"] for piece in client.stream(STORY, n=2, max_tokens=24, temperature=1).choices]
    first_end = max(place for place, index in enumerate(order) if index == 0)
    assert order.index(1) < first_end
    assert order.index(0) < max(p for p, i in enumerate(order) if i == 1)


def test_greedy_choices_are_allowed(client: Client) -> None:
    """Some engines refuse several greedy choices; here they are simply the same text."""
    answer = client.ask(STORY, n=2, temperature=0, max_tokens=8)
    assert content(answer, 0) == content(answer, 1)


def test_a_seed_repeats_all_choices(client: Client) -> None:
    """The same seed gives the same choices in the same order, and still two different ones."""
    asked = [client.ask(STORY, n=2, seed=7, temperature=1, max_tokens=10) for _ in range(2)]
    texts = [[content(answer, 0), content(answer, 1)] for answer in asked]
    assert texts[0] == texts[1]
    assert texts[0][0] != texts[0][1]


def test_zero_and_null_mean_one(client: Client) -> None:
    """Both are what a client sends that leaves its default alone."""
    for n in (0, None, 1.0):
        assert len(client.ask(n=n, max_tokens=1)["choices"]) == 1


def test_each_choice_has_its_own_logprobs(client: Client) -> None:
    """As many entries as the choice has tokens."""
    answer = client.ask(STORY, n=2, max_tokens=4, logprobs=True)
    assert [len(choice["logprobs"]["content"]) for choice in answer["choices"]] == [4, 4]


def test_each_choice_keeps_the_schema(client: Client) -> None:
    """Structure binds every choice, not only the first."""
    shape = {"type": "json_schema", "json_schema": {"name": "colour", "schema": {"enum": ["red", "blue"]}}}
    answer = client.ask("A colour.", n=3, response_format=shape, max_tokens=20)
    assert {content(answer, index).strip() for index in range(3)} <= {'"red"', '"blue"'}
