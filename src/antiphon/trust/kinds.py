"""What a node is checked for, one row a kind, with the test that decides. Pure."""

from __future__ import annotations

from typing import Literal

from antiphon.trust.sequential import SequentialTest

Kind = Literal["usage", "model", "text", "copy", "receipt", "time"]

# The first number of each is what an honest node may fail by bad luck: tokenizers that differ in a text, numbers that
# differ between machines, a client that asks the same twice, a packet that was lost, a clock that was set.
TESTS: dict[Kind, SequentialTest] = {
    "usage": SequentialTest(honest=0.01, lying=0.5),
    "model": SequentialTest(honest=0.03, lying=0.5),
    "text": SequentialTest(honest=0.04, lying=0.5),
    "copy": SequentialTest(honest=0.01, lying=0.4),
    "receipt": SequentialTest(honest=0.001, lying=0.3),
    "time": SequentialTest(honest=0.005, lying=0.4),
}
MEANINGS: dict[Kind, str] = {
    "usage": "it tells of more tokens than its answer has",
    "model": "its log-probabilities are not those of the model that it claims to serve",
    "text": "its text is not what the model that it claims to serve would say",
    "copy": "it gives a text that it gave before to another prompt",
    "receipt": "its receipt is not signed by its wallet, or does not say what was seen",
    "time": "it tells of times that cannot be",
}
