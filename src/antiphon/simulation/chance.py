"""The chance of a simulation: each part draws from a source of its own, so that one more draw here moves none there."""

from __future__ import annotations

from random import Random


def chance(seed: int, *part: str) -> Random:
    """A source that repeats with the seed, whatever else is drawn and in whichever process."""
    return Random("/".join((str(seed), *part)))  # a text is hashed by SHA-512, never by the process's own hash
