"""Texts that were given before: to another prompt they are copies, to the same one they are not."""

from __future__ import annotations

from antiphon.trust.copies import WORDS_MIN, Copies

TEXT = "The river is long and slow and many people live beside it in small houses."


def test_the_same_text_to_another_prompt() -> None:
    """It is a copy, however its letters and spaces are written, and each time again."""
    copies = Copies()
    assert copies.repeats("a", "p1", TEXT) is False
    assert copies.repeats("a", "p2", TEXT) is True
    assert copies.repeats("a", "p3", TEXT.upper().replace(" ", "  ")) is True
    assert copies.repeats("a", "p1", TEXT) is False


def test_the_same_prompt_may_have_the_same_answer() -> None:
    """At temperature 0 it must."""
    copies = Copies()
    assert [copies.repeats("a", "p", TEXT) for _ in range(3)] == [False] * 3


def test_another_text() -> None:
    """It is new."""
    copies = Copies()
    copies.repeats("a", "p1", TEXT)
    assert copies.repeats("a", "p2", TEXT.replace("river", "road")) is False


def test_a_copy_with_another_end() -> None:
    """What was appended or cut off behind a long beginning does not hide it."""
    copies, head = Copies(), " ".join(f"word{number}" for number in range(30))
    copies.repeats("a", "p1", f"{head} and so on")
    assert copies.repeats("a", "p2", f"{head} and more of it") is True


def test_short_texts_do_not_count() -> None:
    """Two honest answers may both be a plain yes."""
    assert Copies().repeats("a", "p", "word " * (WORDS_MIN - 1)) is None


def test_nodes_do_not_answer_for_each_other() -> None:
    """Who gave a text first cannot be known, so only the node's own texts count."""
    copies = Copies()
    copies.repeats("a", "p1", TEXT)
    assert copies.repeats("b", "p2", TEXT) is False


def test_memory_is_bounded() -> None:
    """The texts that were not seen for longest are forgotten."""
    copies = Copies(answers_max=2)
    for number in range(3):
        copies.repeats("a", "p1", f"{number} {TEXT}")
    assert copies.repeats("a", "p2", f"0 {TEXT}") is False
    assert copies.repeats("a", "p2", f"2 {TEXT}") is True
