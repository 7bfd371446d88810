"""An answer of no tokens, for a request that asks for none: nothing is generated, the prompt is counted."""

from __future__ import annotations

from antiphon.chat import Delta, Usage
from antiphon.completions.fit import prompt_tokens
from antiphon.completions.plan import Plan
from antiphon.engines import Take


class EmptyStream:
    """Stands in for the choices' streams: every choice ends at once, for want of length."""

    node = ""
    tokens = 0
    first_token_at = None
    served = ()

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self.usage = Usage()
        self.usages: tuple[Usage, ...] = ()  # one a choice
        self.complete = False

    async def start(self) -> None:
        """Count each prompt, where an engine can tell; Unavailable when no node serves the model."""
        request = self._plan.request
        counts = [await prompt_tokens(self._plan, index) or 0 for index in range(0, request.choices, request.n)]
        self.usage = Usage(prompt_tokens=sum(counts))
        self.usages = tuple(Usage(prompt_tokens=count) for count in counts for _ in range(request.n))

    async def next(self, take: Take | None = None) -> list[Delta] | None:  # noqa: ARG002 - it never waits
        """The ends of all choices, then []."""
        if self.complete:
            return []
        self.complete = True
        return [Delta(i, finish_reason="length") for i in range(self._plan.request.choices)]

    def close(self) -> None:
        """Nothing is held."""
