"""What is learned from an answer's deltas on their way to the client: the finished choices, the confidence. Pure."""

from __future__ import annotations

import math

import msgspec

from antiphon.chat import Choice, Delta
from antiphon.completions.collect import Collector
from antiphon.completions.plan import Plan


class Confidence:
    """100 times the geometric mean of the generated tokens' probabilities, all choices together."""

    def __init__(self) -> None:
        self._sum = 0.0
        self._tokens = 0

    def add(self, delta: Delta) -> None:
        """Count the tokens of a delta."""
        for entry in delta.logprobs:
            self._sum += entry.logprob
            self._tokens += 1

    @property
    def score(self) -> float | None:
        """0 to 100 with four decimals, None before the first token."""
        return round(100 * math.exp(self._sum / self._tokens), 4) if self._tokens else None


class Watch:
    """Sees every delta of one answer. `keep`: fold them into choices, which are asked for at the end."""

    def __init__(self, plan: Plan, *, keep: bool) -> None:
        self._logprobs_shown = plan.request.sampling.logprobs
        asked = plan.scored or (plan.examined and plan.sampling.logprobs)
        self._logprobs_hidden = asked and not self._logprobs_shown
        self._examined = Collector(0, logprobs=True) if plan.examined else None
        self._confidence = Confidence() if plan.scored else None
        count = plan.request.choices if keep else 0
        self._collectors = [Collector(i, logprobs=self._logprobs_shown) for i in range(count)]
        self._echoes = dict(
            enumerate(map(plan.request.prompt, range(plan.request.choices if plan.request.echo else 0)))
        )

    def see(self, deltas: list[Delta]) -> list[Delta]:
        """The deltas to hand on: with the prompt in front of each choice where it was asked for.

        Without log-probabilities where nobody asked for them who will see the answer.
        """
        if self._confidence is not None:
            for delta in deltas:
                self._confidence.add(delta)
        if self._examined is not None:
            for delta in deltas:
                self._examined.add(delta)
        if self._logprobs_hidden:
            deltas = [msgspec.structs.replace(delta, logprobs=()) for delta in deltas]
        if self._echoes:
            deltas = [self._echoed(delta) for delta in deltas]
        if self._collectors:
            for delta in deltas:
                self._collectors[delta.index].add(delta)
        return deltas

    def _echoed(self, delta: Delta) -> Delta:
        prompt = self._echoes.pop(delta.index, "")
        return msgspec.structs.replace(delta, content=f"{prompt}{delta.content}") if prompt else delta

    @property
    def choices(self) -> tuple[Choice, ...]:
        """What has come so far, as finished choices."""
        return tuple(collector.choice() for collector in self._collectors)

    @property
    def examined(self) -> Choice | None:
        """The answer as it came, with log-probabilities, where it is to be looked at."""
        return None if self._examined is None else self._examined.choice()

    @property
    def confidence(self) -> float | None:
        """The confidence, where the answer is to carry one."""
        return None if self._confidence is None else self._confidence.score
