"""What placement is told of a request: for which model, how long it is, and what it has in common with others."""

from __future__ import annotations

from msgspec import Struct

from antiphon.models.catalogue import Model

NOWHERE: frozenset[str] = frozenset()


class Ask(Struct, frozen=True):
    """One choice that looks for an engine. Tokens are estimates, made without a tokenizer.

    `prefix` is the conversation's fingerprint (`models/fingerprint.py`); it is empty where there is nothing to choose.
    `first_token_s` is how long the caller gives the first token, None where it did not say.
    """

    model: Model
    account: str = ""
    prompt_tokens: int = 0
    answer_tokens: int = 0
    session: str | None = None
    prefix: tuple[int, ...] = ()
    first_token_s: float | None = None
    bound: str = "max_ttft_ms"  # the field that says so
    only: frozenset[str] = NOWHERE  # nodes that it may go to; empty: any
    streams: bool = True  # so that it shows when the first token comes
    again: bool = False  # its client has sent it before

    @property
    def tokens(self) -> int:
        """About what it will cost its engine, for taking turns."""
        return self.prompt_tokens + self.answer_tokens

    @property
    def has_no_choice(self) -> bool:
        """Whether there is but one engine, and nobody wants to know how long it will take."""
        return len(self.model.offers) == 1 and self.first_token_s is None
