"""What bounds a text, and what several of them are: stop texts, token limits, choices, on the real engine."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import pytest

from tests.conformance.answers import content
from tests.conformance.client import Client

from .lab import STORY

TOKENS = 20
GREEDY = {"temperature": 0, "max_tokens": TOKENS}


@dataclass(frozen=True)
class Known:
    """A text that the model always says, and its tokens."""

    text: str
    tokens: tuple[str, ...]

    def before(self, stop: str) -> str:
        """What is left of it before a text in it."""
        return self.text[: self.text.index(stop)]


@pytest.fixture(scope="module")
def known(client: Client) -> Known:
    """The greedy answer."""
    answer = client.ask(STORY, **GREEDY, logprobs=True)
    entries = answer["choices"][0]["logprobs"]["content"]
    found = Known(content(answer), tuple(entry["token"] for entry in entries))
    assert "".join(found.tokens) == found.text
    assert len(found.tokens) == TOKENS
    return found


def test_a_stop_over_every_border_of_tokens_is_found(client: Client, known: Known) -> None:
    """Half in one event of a stream and half in the next, no letter of it is shown, and the end says `stop`."""
    borders = [(one[-2:] + other[:2]) for one, other in pairwise(known.tokens)][::3]
    for stop in dict.fromkeys(borders):
        stream = client.stream(STORY, **GREEDY, stop=stop)
        assert (stream.text(), stream.finish_reasons()) == (known.before(stop), ["stop"]), stop
        plain = client.ask(STORY, **GREEDY, stop=[stop])
        assert (content(plain), plain["choices"][0]["finish_reason"]) == (known.before(stop), "stop"), stop


def test_a_stop_inside_a_token_is_found(client: Client, known: Known) -> None:
    """The rest of that token is not shown either."""
    longest = max(known.tokens, key=len)
    stop = longest[2:4]
    assert client.stream(STORY, **GREEDY, stop=stop).text() == known.before(stop)


def test_a_stop_over_three_tokens_is_found(client: Client, known: Known) -> None:
    """However many events it takes until it is complete."""
    stop = "".join(known.tokens[5:8])
    assert client.stream(STORY, **GREEDY, stop=stop).text() == known.before(stop)


def test_a_stop_that_never_comes_changes_nothing(client: Client, known: Known) -> None:
    """The text is whole, token limit and all."""
    stream = client.stream(STORY, **GREEDY, stop=["☃", "\x00 never"])
    assert (stream.text(), stream.finish_reasons()) == (known.text, ["length"])


def test_a_token_limit_is_kept_to_the_token(client: Client, known: Known) -> None:
    """The first tokens of the longer text, counted and listed, and nothing else."""
    for limit in (1, 2, 3, 7, 13):
        answer = client.ask(STORY, **(GREEDY | {"max_tokens": limit}), logprobs=True)
        assert content(answer) == "".join(known.tokens[:limit])
        assert answer["usage"]["completion_tokens"] == limit
        assert len(answer["choices"][0]["logprobs"]["content"]) == limit
        assert answer["choices"][0]["finish_reason"] == "length"


def test_choices_are_distinct_and_all_paid_for(client: Client) -> None:
    """As many texts as asked for, each with its index and end; the usage is the sum of their tokens."""
    answer = client.ask(STORY, n=6, temperature=1.2, max_tokens=10, seed=3, logprobs=True)
    choices = answer["choices"]
    assert [choice["index"] for choice in choices] == list(range(6))
    assert len({content(answer, index) for index in range(6)}) == 6
    tokens = [len(choice["logprobs"]["content"]) for choice in choices]
    usage = answer["usage"]
    assert usage["completion_tokens"] == sum(tokens) == 60
    assert usage["total_tokens"] == usage["prompt_tokens"] + 60
    assert usage["prompt_tokens"] == client.ask(STORY, max_tokens=1)["usage"]["prompt_tokens"]


def test_choices_end_each_for_itself(client: Client, known: Known) -> None:
    """One may be stopped where another runs to its limit."""
    answer = client.ask(STORY, n=8, temperature=1.2, max_tokens=16, seed=5, stop=" the")
    reasons = {choice["finish_reason"] for choice in answer["choices"]}
    assert reasons == {"stop", "length"}
    for index, choice in enumerate(answer["choices"]):
        assert " the" not in content(answer, index)
        assert choice["finish_reason"] in ("stop", "length")
