"""Texts and token ids, one or several, as requests hold them."""

from __future__ import annotations

import pytest

from antiphon.completions.dialects.openai.prompts import TEXT_CHARACTERS_MAX, Prompts, prompts
from antiphon.errors import BadRequest


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("one", ("one",)),
        (["one"], ("one",)),
        (["one", "two"], ("one", "two")),
        ([1, 2, 3], ((1, 2, 3),)),
        ([0], ((0,),)),
        ([[1, 2], [0]], ((1, 2), (0,))),
    ],
)
def test_every_form(given: Prompts, expected: tuple[object, ...]) -> None:
    """Numbers together are one text, also where there is only one."""
    assert prompts(given, "prompt", 2) == expected


@pytest.mark.parametrize(
    ("given", "param", "words"),
    [
        ("", "input", "at least one character or token"),
        ([], "input", "at least one is expected"),
        (["a", ""], "input[1]", "at least one character or token"),
        (["a", 1], "input", "cannot be mixed"),
        ([1, [1]], "input", "cannot be mixed"),
        (["a", [1]], "input", "cannot be mixed"),
        (["a", "b", "c"], "input", "at most 2"),
        ("x" * (TEXT_CHARACTERS_MAX + 1), "input", "characters are allowed"),
    ],
)
def test_what_is_refused(given: Prompts, param: str, words: str) -> None:
    """Empty ones, mixtures, too many, too much: each with its place."""
    with pytest.raises(BadRequest, match=words) as refused:
        prompts(given, "input", 2)
    assert refused.value.param == param
