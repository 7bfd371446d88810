"""Affinity: what engines have likely read of a prompt, by its beginning, or by its session where it is short."""

from __future__ import annotations

from antiphon.models.affinity import Affinity
from antiphon.models.ask import Ask
from antiphon.models.catalogue import Model
from antiphon.models.fingerprint import HELD_TOKENS

SHARED = Model("model", ())


def asked(prefix: tuple[int, ...] = (), session: str | None = None, tokens: int = 90) -> Ask:
    """A request with what makes it like others."""
    return Ask(SHARED, prompt_tokens=tokens, prefix=prefix, session=session)


def test_a_common_beginning_is_told_in_tokens() -> None:
    """As many as the fingerprint's numbers stand for."""
    affinity = Affinity()
    affinity.placed(asked((1, 2)), "a")
    affinity.told("b", (1, 2, 3))
    assert affinity.cached(asked((1, 2, 3, 4))) == {"b": HELD_TOKENS[3], "a": HELD_TOKENS[2]}


def test_a_short_conversation_goes_where_its_session_was() -> None:
    """It has no fingerprint; one that has is only worth a look there."""
    affinity = Affinity()
    affinity.placed(asked(session="one"), "a")
    affinity.placed(asked(session="one", tokens=120), "b")
    assert affinity.cached(asked(session="one")) == {"b": 120}
    assert affinity.cached(asked((5,), session="one")) == {"b": 0}
    assert affinity.cached(asked(session="other")) == affinity.cached(asked()) == {}


def test_sessions_are_bounded() -> None:
    """The one that was not used for longest is forgotten."""
    affinity = Affinity(sessions_max=2)
    for session in ("one", "two", "one", "three"):
        affinity.placed(asked(session=session), "a")
    assert [bool(affinity.cached(asked(session=session))) for session in ("one", "two", "three")] == [True, False, True]
    assert len(affinity) == 2
