"""A stream folded into one answer, and which answers are made so."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from antiphon.chat import Choice, Completion, Delta, Usage
from antiphon.completions.plan import Plan
from antiphon.errors import AntiphonError


class KeptStream(Protocol):
    """A stream of deltas that keeps what it has said."""

    @property
    def node(self) -> str:
        """The node that serves."""
        ...

    @property
    def choices(self) -> tuple[Choice, ...]:
        """What has come so far."""
        ...

    @property
    def usage(self) -> Usage:
        """What it took."""
        ...

    @property
    def confidence(self) -> float | None:
        """How sure the model was, where the answer is to tell it."""
        ...

    async def start(self) -> None:
        """Reach an engine."""
        ...

    async def next(self) -> list[Delta] | None:
        """The deltas that arrived together, [] at the end, None when a heartbeat is due; raises what ended it."""
        ...

    def failed(self, error: AntiphonError) -> None:
        """Remember why it ended early."""
        ...

    def close(self) -> None:
        """End it, and say so once."""
        ...


async def folded(stream: KeptStream, beat: Callable[[], None]) -> tuple[Completion, str]:
    """The finished completion and the node that served it; `beat` is called whenever a heartbeat is due."""
    try:
        await stream.start()
        while (deltas := await stream.next()) != []:
            if deltas is None:
                beat()
    except AntiphonError as error:
        stream.failed(error)
        raise
    finally:
        stream.close()
    return Completion(stream.choices, stream.usage, stream.confidence), stream.node


def must_be_folded(plan: Plan) -> bool:
    """A plain answer comes in one piece, the cheapest way, unless something must be seen or done on the way."""
    request, sampling, model = plan.request, plan.sampling, plan.model
    return (
        request.choices > 1
        or sampling.max_tokens == 0
        or request.echo
        or plan.schema is not None
        or plan.tool_grammar is not None
        or plan.prefill is not None
        or sampling.logprobs
        or request.max_ttft_s is not None
        or request.reasoning.exclude
        or model.thinks  # a plain answer does not say how many of its tokens were thoughts
        or not model.stops_plain
    )
