"""What tests of effects share: first tokens drawn many times, their probabilities, and stored completions."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from tests.conformance.answers import JSON, content
from tests.conformance.client import Client

STORY = "Tell me a long story."
AT_ONCE = 8  # choices of one request; choice `i` is drawn with the seed plus `i`
COMMA = "28"  # the token of a comma


@dataclass(frozen=True)
class Distribution:
    """The likeliest first tokens of an answer, each with its probability at temperature 1."""

    probabilities: Mapping[str, float]

    def nucleus(self, top_p: float) -> set[str]:
        """The fewest tokens that make up `top_p`."""
        kept: set[str] = set()
        mass = 0.0
        for token, probability in self.probabilities.items():
            if mass >= top_p:
                break
            kept.add(token)
            mass += probability
        return kept

    def likely(self, min_p: float) -> set[str]:
        """The tokens at least `min_p` times as likely as the likeliest."""
        floor = min_p * max(self.probabilities.values())
        return {token for token, probability in self.probabilities.items() if probability >= floor}

    def best(self, count: int) -> list[str]:
        """The likeliest tokens, in order."""
        return list(self.probabilities)[:count]


def distribution(client: Client, **fields: object) -> Distribution:
    """The first token's distribution, as log-probabilities tell it."""
    told = client.ask(STORY, **({"max_tokens": 1, "temperature": 0, "logprobs": True, "top_logprobs": 20} | fields))
    candidates = told["choices"][0]["logprobs"]["content"][0]["top_logprobs"]
    return Distribution({one["token"]: math.exp(one["logprob"]) for one in candidates})


def settle(client: Client) -> None:
    """Leave the story's prompt in the engine's memory: where it was read in other pieces, odds differ a little."""
    client.ask(STORY, max_tokens=1)


def draw(client: Client, times: int, **fields: object) -> Counter[str]:
    """How often each first token came in that many draws, each with a seed of its own."""
    drawn: Counter[str] = Counter()
    for seed in range(0, times, AT_ONCE):
        answer = client.ask(STORY, **({"n": AT_ONCE, "max_tokens": 1, "seed": seed, "temperature": 1} | fields))
        drawn.update(content(answer, index) for index in range(AT_ONCE))
    return drawn


def entropy(drawn: Counter[str]) -> float:
    """In bits: 0 for one token always, log2 of the draws for as many tokens."""
    total = drawn.total()
    return -sum(count / total * math.log2(count / total) for count in drawn.values())


def stored(client: Client, answer: JSON, index: int = 0) -> JSON:
    """What is stored of a choice; deleted at once."""
    address = f"/v1/interactions/{answer['choices'][index]['completion_id']}"
    found: JSON = client.http.get(address).raise_for_status().json()
    client.http.delete(address).raise_for_status()
    return found
