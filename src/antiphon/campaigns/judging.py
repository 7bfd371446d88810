"""What a look at a running campaign has found, for whoever acts on it. Values only."""

from __future__ import annotations

from typing import Literal, Protocol

from msgspec import Struct

from antiphon.campaigns.model import Campaign


class Breach(Struct, frozen=True):
    """A guardrail that a variant is beyond, for certain; `sentence` says by how much."""

    variant: str
    action: Literal["stop", "drop"]
    sentence: str


class Judgement(Struct, frozen=True):
    """What was found. Variants are named by their keys; `weights` None: those there are stay."""

    breaches: tuple[Breach, ...] = ()
    decided: bool = False
    winner: str | None = None  # None where it is decided that nothing matters
    sentence: str = ""
    weights: dict[str, float] | None = None


class Judge(Protocol):
    """Looks at what a campaign has gathered."""

    async def judge(self, campaign: Campaign) -> Judgement:
        """What there is to say of it now."""
        ...
