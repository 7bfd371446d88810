"""What is learned from deltas on their way."""

from __future__ import annotations

import math

import msgspec
import pytest

from antiphon.chat import ChatRequest, Choice, Delta, Logprob, Message, Sampling
from antiphon.completions.plan import Caller, Plan
from antiphon.completions.watch import Watch
from antiphon.key import Key
from antiphon.models.catalogue import Model


def entry(probability: float) -> Logprob:
    """A token of that probability."""
    return Logprob("t", math.log(probability))


def plan(*, scores: bool = True, aligned: bool = True, logprobs: bool = False, n: int = 1) -> Plan:
    """A plan whose answer may carry a confidence."""
    sampling = Sampling(logprobs=logprobs)
    request = ChatRequest("m", (Message("user", "Hi"),), sampling=sampling, scores=scores, n=n)
    return Plan(request, Caller(Key("k")), Model("m", (), domain_aligned=aligned), sampling, 0.0, 9.0, 9.0)


def test_the_confidence() -> None:
    """The geometric mean of the probabilities, in per cent, with four decimals."""
    watch = Watch(plan(), keep=False)
    assert watch.confidence is None
    watch.see([Delta(content="a", logprobs=(entry(0.5), entry(0.8)))])
    watch.see([Delta(content="b", logprobs=(entry(0.9),)), Delta(finish_reason="stop")])
    assert watch.confidence == pytest.approx(100 * (0.5 * 0.8 * 0.9) ** (1 / 3), abs=1e-4)
    assert len(str(watch.confidence).partition(".")[2]) <= 4


@pytest.mark.parametrize(("scores", "aligned"), [(True, False), (False, True)])
def test_no_confidence(scores: bool, aligned: bool) -> None:
    """Only where the door tells it and the model is tuned to a domain."""
    watch = Watch(plan(scores=scores, aligned=aligned), keep=False)
    watch.see([Delta(content="a", logprobs=(entry(0.5),))])
    assert watch.confidence is None


def test_log_probabilities_are_shown_to_who_asked() -> None:
    """What only the confidence needed is taken out."""
    delta = Delta(content="a", logprobs=(entry(0.5),))
    assert Watch(plan(logprobs=True), keep=False).see([delta]) == [delta]
    assert Watch(plan(), keep=False).see([delta]) == [msgspec.structs.replace(delta, logprobs=())]


def test_an_answer_that_is_looked_at() -> None:
    """Its log-probabilities are kept for that, and shown only to who asked."""
    delta = Delta(content="t", logprobs=(entry(0.5),))
    for shown in (False, True):
        asked = plan(scores=False, logprobs=shown)
        asked = msgspec.structs.replace(asked, examined=True, sampling=Sampling(logprobs=True))
        watch = Watch(asked, keep=False)
        assert watch.see([delta, Delta(finish_reason="stop")])[0].logprobs == (delta.logprobs if shown else ())
        assert watch.examined == Choice(content="t", logprobs=delta.logprobs)
    assert Watch(plan(), keep=False).examined is None


def test_choices_are_kept_where_they_are_wanted() -> None:
    """Folded from their deltas, each by its index."""
    watch = Watch(plan(n=2), keep=True)
    watch.see([Delta(1, "b"), Delta(0, "a")])
    watch.see([Delta(0, "c", finish_reason="length"), Delta(1, finish_reason="stop")])
    assert watch.choices == (Choice(0, "ac", finish_reason="length"), Choice(1, "b"))
    assert Watch(plan(), keep=False).choices == ()


def test_an_echo_stands_in_front_of_each_choice() -> None:
    """Once, with the first that is said, also where nothing is said at all."""
    request = ChatRequest("m", (), prompts=("one ", "two "), echo=True)
    watch = Watch(Plan(request, Caller(Key("k")), Model("m", ()), Sampling(), 0.0, 9.0, 9.0), keep=True)
    seen = watch.see([Delta(1, content="b"), Delta(1, content="c"), Delta(0, finish_reason="length")])
    assert [delta.content for delta in seen] == ["two b", "c", "one "]
    assert [choice.content for choice in watch.choices] == ["one ", "two bc"]
