"""The engine of a node that is known and has not been heard yet: its models are known, and nobody can be asked."""

from __future__ import annotations

from typing import NoReturn

from antiphon.chat import Choice, Prompt, Usage, Vector
from antiphon.engines import DeltaStream, Job, ModelFacts
from antiphon.errors import Unavailable

RETRY_AFTER_S = 2


class UnheardEngine:
    """Unavailable, whatever it is asked."""

    takes_grammar = False
    stops_plain = True
    continues = False

    def __init__(self, name: str) -> None:
        self.name = name

    def unavailable(self) -> int | None:
        """Seconds after which the node may have been heard."""
        return RETRY_AFTER_S

    async def models(self) -> list[ModelFacts]:
        """Nobody tells."""
        self._refuse()

    async def complete(self, job: Job) -> tuple[Choice, Usage]:  # noqa: ARG002 - refused, whatever it is
        """Nobody does."""
        self._refuse()

    async def open(self, job: Job) -> DeltaStream:  # noqa: ARG002 - likewise
        """Nobody does."""
        self._refuse()

    async def count_prompt_tokens(self, job: Job) -> int | None:  # noqa: ARG002 - likewise
        """Nobody can tell."""
        return None

    async def embed(
        self,
        model: str,  # noqa: ARG002 - likewise
        inputs: tuple[Prompt, ...],  # noqa: ARG002 - likewise
    ) -> tuple[tuple[Vector, ...], Usage]:
        """Nobody does."""
        self._refuse()

    async def close(self) -> None:
        """Nothing is held."""

    def _refuse(self) -> NoReturn:
        raise Unavailable(f"The node {self.name} has not been heard yet.", retry_after_s=RETRY_AFTER_S)
