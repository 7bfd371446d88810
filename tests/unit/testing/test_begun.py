"""Where the engine's own text begins in what it is told."""

from __future__ import annotations

from antiphon.testing.begun import CHARACTERS_MAX, begun_at
from antiphon.testing.text import expected_text

USER = {"role": "user", "content": "hello"}


def test_the_engine_s_own_words_are_found_behind_others() -> None:
    """Wherever they are cut, once one of them is whole."""
    given = "Well, "
    own = expected_text([USER, {"role": "assistant", "content": given}], 9)
    first = len(expected_text([USER, {"role": "assistant", "content": given}], 1))
    for size in range(first, len(own)):
        assert begun_at([USER], "assistant", given + own[:size], None, 0) == len(given)


def test_a_prompt_may_hold_the_beginning_of_its_answer() -> None:
    """Then it is in the same turn."""
    own = expected_text([USER], 3)
    assert begun_at([], "user", "hello" + own, None, 0) == len("hello")


def test_words_of_others_are_not_found() -> None:
    """Nor are texts searched that are too long."""
    assert begun_at([USER], "assistant", "Nothing of the sort!?", None, 0) is None
    assert begun_at([USER], "assistant", "x" * (CHARACTERS_MAX + 1), None, 0) is None
