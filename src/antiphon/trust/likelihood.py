"""How surprising a text is to the model that it is said to come from, for answers without log-probabilities. Pure.

At the beginnings of some of its words, a reference tells what may come there. A word that the model itself drew is as
surprising as such draws are on average, which is known from what may come; another model's words are more so. That a
sampler left unlikely tokens out makes a text less surprising, which is held against nobody.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from random import Random

from msgspec import Struct

from antiphon.chat import Logprob, Sampling

PLACES_MAX = 8
SURPRISE_MAX = 6.0  # nats: more says no more than that
KNOWN_MIN = 0.05  # of what may come that begins a word, else the place tells little
WORD = re.compile(r"(?<=\w) (?=\w)")  # a tokenizer cuts before such a space, whatever comes
PLACES_MIN = 3
DEVIATIONS_MAX = 2.5
EXCESS_MAX = 0.3  # nats a place, by which machines and samplers may differ
COOL_MAX = 0.6  # the temperature above which models that differ say much the same: too much is left to chance
COOLEST = 0.35  # below, machines that round otherwise would draw other tokens where two are about as likely


class Sight(Struct, frozen=True):
    """A place in a text: what stands before it, and what comes."""

    before: str
    after: str


class Surprise(Struct, frozen=True):
    """How surprising what came was, how surprising that is on average, and its variance."""

    came: float
    expected: float
    variance: float


def suits(sampling: Sampling) -> bool:
    """Whether the tokens were drawn by their probabilities alone: what penalties and biases make is not known."""
    plain = not (sampling.frequency_penalty or sampling.presence_penalty or sampling.logit_bias)
    return plain and sampling.repetition_penalty in (None, 1.0)


def cool(sampling: Sampling) -> bool:
    """Whether little enough was left to chance for a text to tell models apart."""
    return sampling.temperature is not None and sampling.temperature <= COOL_MAX


def sights(text: str, draw: Random, *, most: int = PLACES_MAX) -> tuple[Sight, ...]:
    """Places of a text drawn at random, in their order: none of a text with too few words."""
    found = [match.start() for match in WORD.finditer(text)]
    if len(found) < PLACES_MIN:
        return ()
    drawn = sorted(draw.sample(found, min(most, len(found))))
    return tuple(Sight(text[:at], text[at:]) for at in drawn)


def surprise(after: str, told: Logprob, temperature: float) -> Surprise | None:
    """Of what came, by what the reference tells of its place; None where it tells too little.

    Only tokens that begin a word count, since the place is one where a word begins; what is not told is one outcome.
    """
    chances = {one.token: one.logprob for one in told.top_logprobs}
    chances.setdefault(told.token, told.logprob)
    words = {token: value for token, value in chances.items() if len(token) > 1 and token[0] == " "}
    known = sum(math.exp(value) for value in words.values())
    if known < KNOWN_MIN:
        return None
    # At a temperature below 1 what is not told gets rarer by as much as the rarest that is told, at least.
    temperature = max(COOLEST, temperature)
    rest = max(0.0, 1.0 - sum(math.exp(value) for value in chances.values())) * known
    rest *= math.exp(min(chances.values()) * (1 / temperature - 1))
    weights = {token: math.exp(value / temperature) for token, value in words.items()}
    total = sum(weights.values()) + rest
    shares = [weight / total for weight in (*weights.values(), rest) if weight > 0]
    expected = sum(share * _nats(share) for share in shares)
    variance = sum(share * _nats(share) ** 2 for share in shares) - expected**2
    came = max((token for token in weights if after.startswith(token)), key=len, default=None)
    return Surprise(_nats((rest if came is None else weights[came]) / total), expected, max(0.0, variance))


def excess(surprises: Sequence[Surprise]) -> tuple[float, float]:
    """By how many nats a place a text is more surprising than expected, and by how many standard deviations."""
    above = sum(one.came - one.expected for one in surprises)
    deviation = math.sqrt(sum(one.variance for one in surprises))
    return above / len(surprises), above / deviation if deviation else math.copysign(math.inf, above) if above else 0.0


def unlikely(above: float, deviations: float) -> bool:
    """Whether a text is not one that the model would have said."""
    return above > EXCESS_MAX and deviations > DEVIATIONS_MAX


def _nats(share: float) -> float:
    return min(SURPRISE_MAX, -math.log(share)) if share > 0 else SURPRISE_MAX
