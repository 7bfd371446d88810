"""Secrets never print."""

from __future__ import annotations

import json
import pickle

import msgspec
import pytest

from antiphon.settings.secret import Secret

TEXT = "sk-very-hidden"


@pytest.mark.parametrize("show", [str, repr, "{}".format, "{!r}".format, ascii])
def test_no_way_to_print_shows_it(show: object) -> None:
    """Every way to make it text hides it."""
    assert callable(show)
    assert TEXT not in show(Secret(TEXT))


def test_it_hides_inside_what_holds_it() -> None:
    """Lists and structs that hold it hide it too."""
    assert TEXT not in repr([Secret(TEXT)])


@pytest.mark.parametrize("encode", [json.dumps, msgspec.json.encode, pickle.dumps])
def test_it_cannot_be_encoded(encode: object) -> None:
    """Encoding one is a mistake that fails."""
    assert callable(encode)
    with pytest.raises(TypeError):
        encode(Secret(TEXT))


def test_reveal_gives_it_back() -> None:
    """Only `reveal` gives the text."""
    assert Secret(TEXT).reveal() == TEXT


def test_equal_texts_are_equal() -> None:
    """Two secrets are equal by their texts, and never equal to a text."""
    assert Secret("a") == Secret("a")
    assert Secret("a") != Secret("b")
    assert Secret("a") != "a"
    assert len({Secret("a"), Secret("a")}) == 1


def test_an_empty_secret_is_false() -> None:
    """As an empty text is."""
    assert not Secret("")
    assert Secret("a")
