"""How far a node's log-probabilities are from a reference's, at the same places of one answer. Pure.

At a place both tell the likeliest tokens. A node that runs the model differs by what rounding does; another model, or
one whose weights were rounded to fewer bits, differs by far more, whatever tokens were drawn in the end.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from random import Random

from msgspec import Struct

from antiphon.chat import Logprob

TOLERANCE = 0.25  # in nats; the same weights are 0.0 apart, once in 92 answers 0.2; 3.6 bits for 4 are at least 0.7
LIKELY = -4.0  # what is less likely than that hardly matters, and is told with less care
APART_MAX = 5.0  # one token that the reference does not know is no more than that
PLACES_MAX = 6
WEIGHT = 0.5  # of a token: the root of its probability, so that the second likeliest counts too


class Place(Struct, frozen=True):
    """A place in an answer: the text before it, and what the node told of the token there."""

    before: str
    told: Logprob


def places(entries: Sequence[Logprob], text: str, draw: Random, *, most: int = PLACES_MAX) -> tuple[Place, ...]:
    """Places of an answer drawn at random, of those where its text is known to the character.

    None where the tokens do not make up the text, which may have been cut behind any of them, at a stop text.
    """
    found, before = [], ""
    for entry in entries:
        octets = entry.token.encode("utf-8", "surrogatepass") if entry.bytes is None else bytes(entry.bytes)
        try:
            after = before + octets.decode()
        except UnicodeDecodeError:
            break  # half a character: what follows cannot be put into words
        if not (text.startswith(after) or after.startswith(text)):
            return ()
        found.append(Place(before, entry))
        if len(after) >= len(text):
            break
        before = after
    drawn = draw.sample(range(len(found)), min(most, len(found)))
    return tuple(found[index] for index in sorted(drawn))


def apart(told: Logprob, reference: Logprob) -> float | None:
    """The mean difference of what is likely to either, weighed by how likely it is; None where nothing is."""
    ours, theirs = _likely(reference), _likely(told)
    weight = total = 0.0
    for token in ours.keys() | theirs.keys():
        known, said = ours.get(token), theirs.get(token)
        apart_by = _missing(known, said, reference, told) if known is None or said is None else abs(known - said)
        if apart_by is None:
            continue
        share = math.exp(WEIGHT * max(x for x in (known, said) if x is not None))
        weight += share
        total += share * min(APART_MAX, apart_by)
    return total / weight if weight else None


def _likely(entry: Logprob) -> dict[str, float]:
    told = {one.token: one.logprob for one in entry.top_logprobs}
    told.setdefault(entry.token, entry.logprob)
    return {token: value for token, value in told.items() if value >= LIKELY}


def _missing(known: float | None, said: float | None, reference: Logprob, told: Logprob) -> float | None:
    """How far apart a token is that only one of the two lists; None when the other's list may just have been short."""
    value, other = (known, told) if said is None else (said, reference)
    assert value is not None
    listed = [one.logprob for one in other.top_logprobs] or [other.logprob]
    apart_by = value - min(listed)
    return apart_by if apart_by > 0 else None


def middle(differences: Sequence[float]) -> float | None:
    """Their median; None of none.

    Not their mean: a text that a node drew in other tokens than its tokenizer would cut it into is read otherwise by
    the reference behind that point, which is no lie. One that runs another model is apart nearly everywhere.
    """
    return statistics.median(differences) if differences else None
