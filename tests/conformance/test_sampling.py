"""Every sampling field has its effect on the engine, whatever the engine calls it."""

from __future__ import annotations

import pytest

from .answers import content
from .client import Client

STORY = "Tell me a long story."
COMMA = "28"  # the token of a comma in the vocabulary of every engine's model
HOT = {"temperature": 2, "top_p": 1, "top_k": -1, "min_p": 0}


def test_greedy_text_repeats(client: Client) -> None:
    """At temperature 0 one engine says one thing."""
    texts = {content(client.ask("What is the capital of France?", temperature=0)) for _ in range(3)}
    assert len(texts) == 1


def test_a_seed_repeats_the_text(client: Client) -> None:
    """The same seed gives the same text, and another seed another one."""
    client.ask(STORY, max_tokens=1)  # the prompt is read now: read in other pieces, its odds differ a little
    texts = [content(client.ask(STORY, seed=seed, temperature=1, max_tokens=16)) for seed in (11, 11, 12)]
    assert texts[0] == texts[1] != texts[2]


def test_without_a_seed_chance_is_free(client: Client) -> None:
    """Two hot answers without a seed differ."""
    assert content(client.ask(STORY, **HOT)) != content(client.ask(STORY, **HOT))


@pytest.mark.parametrize("only_the_best", [{"top_k": 1}, {"min_p": 1}, {"top_p": 0}, {"top_p": 1e-9}, {"min_p": 1.0}])
def test_the_narrowest_choice_is_greedy(client: Client, only_the_best: dict[str, float]) -> None:
    """One candidate left is the best one, however hot the rest would be."""
    greedy = content(client.ask("What is the capital of France?", temperature=0))
    assert content(client.ask("What is the capital of France?", **(HOT | only_the_best))) == greedy


@pytest.mark.parametrize("off", [-1, 0, None])
def test_top_k_off_leaves_the_whole_vocabulary(client: Client, off: int | None) -> None:
    """Very hot and unlimited, the text is far from greedy: rarely does it hold two of the same words."""
    greedy = content(client.ask(STORY, temperature=0))
    assert content(client.ask(STORY, **(HOT | {"top_k": off}))) != greedy


def test_a_bias_of_100_forces_a_token(client: Client) -> None:
    """Nothing else can win against it."""
    assert content(client.ask(logit_bias={COMMA: 100}, max_tokens=4, temperature=1)) == ",,,,"


def test_a_bias_of_minus_100_bans_a_token(client: Client) -> None:
    """Asked for the fifth time, the model would answer with a comma once more."""
    habit = [{"role": role, "content": said} for role, said in (("user", "Go on."), ("assistant", ","))] * 4
    messages = [*habit, {"role": "user", "content": "Go on."}]
    assert content(client.ask(messages=messages, temperature=0, max_tokens=1)) == ","
    assert content(client.ask(messages=messages, temperature=0, max_tokens=1, logit_bias={COMMA: -100})) != ","


@pytest.mark.parametrize("penalty", ["presence_penalty", "frequency_penalty"])
def test_a_penalty_breaks_a_loop(client: Client, penalty: str) -> None:
    """A mildly forced token repeats for ever; a penalty of 2 lets others in."""
    forced = {"logit_bias": {COMMA: 8}, "temperature": 0, "max_tokens": 24}
    free = content(client.ask("Say hi.", **forced))
    held = content(client.ask("Say hi.", **forced, **{penalty: 2}))
    assert held.count(",") < free.count(",")


@pytest.mark.parametrize("name", ["repetition_penalty", "repeat_penalty"])
def test_both_names_of_the_repetition_penalty_count(client: Client, name: str) -> None:
    """Engines differ in the name; clients may use either."""
    forced = {"logit_bias": {COMMA: 8}, "temperature": 0, "max_tokens": 24}
    free = content(client.ask("Say hi.", **forced))
    assert content(client.ask("Say hi.", **forced, **{name: 2})).count(",") < free.count(",")


def test_temperature_spreads(client: Client) -> None:
    """Six cold answers agree with each other more than six hot ones."""
    cold = {content(client.ask(STORY, temperature=0.01, seed=seed, max_tokens=6)) for seed in range(6)}
    hot = {content(client.ask(STORY, **HOT, seed=seed, max_tokens=6)) for seed in range(6)}
    assert len(cold) < len(hot)


def test_null_is_the_default(client: Client) -> None:
    """Every optional field may be null, and then it is as if it were absent."""
    fields = [
        "temperature",
        "top_p",
        "top_k",
        "min_p",
        "frequency_penalty",
        "presence_penalty",
        "repetition_penalty",
        "repeat_penalty",
        "seed",
        "n",
        "stop",
        "logit_bias",
        "logprobs",
        "top_logprobs",
        "stream",
        "stream_options",
        "max_completion_tokens",
        "response_format",
        "tools",
        "tool_choice",
        "parallel_tool_calls",
        "reasoning",
        "reasoning_effort",
        "timeout_secs",
        "max_ttft_ms",
        "user",
        "metadata",
        "modalities",
    ]
    answer = client.ask("Tell me a long story.", **dict.fromkeys(fields))
    assert len(answer["choices"]) == 1
    assert answer["choices"][0]["logprobs"] is None
    assert answer["usage"]["completion_tokens"] <= 12


def test_whole_numbers_may_be_written_with_a_point(client: Client) -> None:
    """JSON has one kind of number: 3.0 is 3."""
    assert client.ask(STORY, max_tokens=3.0, top_k=5.0, seed=1.0)["usage"]["completion_tokens"] == 3
