"""Stop texts are found wherever pieces begin and end, as one look at the whole text finds them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.engines.stop_matcher import StopMatcher, fallbacks

LETTERS = st.sampled_from("aab é🦊")
TEXTS = st.text(LETTERS, max_size=30)
STOPS = st.lists(st.text(LETTERS, min_size=1, max_size=6), min_size=1, max_size=4).map(tuple)


def place(text: str, stops: tuple[str, ...]) -> int | None:
    """Where the stop text begins that is complete first, the longest of those: the rule, without any cleverness."""
    ends = [(start + len(stop), start) for stop in stops for start in range(len(text)) if text[start:].startswith(stop)]
    return min(ends)[1] if ends else None


def could_begin(text: str, stops: tuple[str, ...]) -> int:
    """The first place from which `text` may still become a stop text."""
    starts = range(len(text))
    return next((i for i in starts if any(stop.startswith(text[i:]) for stop in stops)), len(text))


def pieces_of(text: str, data: st.DataObject) -> list[str]:
    """The text in pieces of any size, empty ones too."""
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=8)))
    return [text[start:end] for start, end in zip([0, *cuts], [*cuts, len(text)], strict=True)]


@given(TEXTS, STOPS, st.data())
def test_a_stop_text_is_found_as_in_the_whole_text(text: str, stops: tuple[str, ...], data: st.DataObject) -> None:
    """However it comes."""
    matcher = StopMatcher(stops)
    for piece in pieces_of(text, data):
        matcher.feed(piece)
    assert matcher.cut == place(text, stops)
    if matcher.cut is not None:
        assert matcher.found in stops
        assert text.startswith(matcher.found, matcher.cut)


@given(TEXTS, STOPS, st.data())
def test_no_more_is_held_back_than_must_be(text: str, stops: tuple[str, ...], data: st.DataObject) -> None:
    """At every place all is certain before the first character that may begin a stop text."""
    matcher = StopMatcher(stops)
    fed = ""
    for piece in pieces_of(text, data):
        matcher.feed(piece)
        fed += piece
        cut = place(fed, stops)
        assert matcher.certain == (could_begin(fed, stops) if cut is None else cut)


@pytest.mark.parametrize(
    ("stops", "text", "cut"),
    [
        (("cdefgh", "de"), "abcdefgh", 3),
        (("bc", "abc"), "xabc", 1),
        (("aab",), "aaaab", 2),
        (("ab", "b"), "ab", 0),
        (("x",), "abc", None),
    ],
)
def test_of_several_the_first_to_be_complete_counts(stops: tuple[str, ...], text: str, cut: int | None) -> None:
    """Of those that are complete together, the longest."""
    matcher = StopMatcher(stops)
    matcher.feed(text)
    assert matcher.cut == cut


def test_what_comes_behind_a_stop_text_is_not_looked_at() -> None:
    """The first stays the first."""
    matcher = StopMatcher(("b",))
    matcher.feed("ab")
    matcher.feed("ab")
    assert (matcher.cut, matcher.certain) == (1, 1)


def test_fallbacks_are_beginnings_that_are_ends() -> None:
    """Of each beginning the longest shorter one."""
    assert fallbacks("aabaaa") == (0, 1, 0, 1, 2, 2)
