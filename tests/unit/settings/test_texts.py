"""Texts become values by the type of their setting."""

from __future__ import annotations

import pytest

from antiphon.errors import ConfigError
from antiphon.settings.model import Settings
from antiphon.settings.paths import parse_path
from antiphon.settings.schema import Schema
from antiphon.settings.texts import TEXT_CHARACTERS_MAX, fill, from_text, substitute


@pytest.mark.parametrize(
    ("path", "text", "value"),
    [
        ("server.port", "9000", 9000),
        ("timeouts.connect_s", "2.5", 2.5),
        ("development_key", "false", False),
        ("server.host", "127.0.0.1", "127.0.0.1"),
        ("server.host", "null", "null"),
        ("server.base_url", "null", None),
        ("keys[0].key", "12345", "12345"),
        ("keys[0].key", "${x", "${x"),
        ("server.errors", "json", "json"),
        ("server.cors_origins", "a, b,", ["a", "b"]),
        ("server.cors_origins", '["a", "b"]', ["a", "b"]),
        ("server.cors_origins", "*", ["*"]),
        ("images.allowed_hosts[0]", "7", "7"),
        ("models", '[{"name": "a", "reference": "b"}]', [{"name": "a", "reference": "b"}]),
        ("server.port", "many", "many"),
    ],
)
def test_the_setting_decides_what_a_text_means(path: str, text: str, value: object) -> None:
    """Text stays text where text is wanted; elsewhere it is YAML, which check.py judges."""
    assert from_text(text, Schema(Settings).find(parse_path(path))) == value


def test_text_that_is_no_yaml_is_refused() -> None:
    """Where YAML is wanted."""
    with pytest.raises(ConfigError, match="well-formed"):
        from_text("[1, 2", Schema(Settings).find(("server", "cors_origins")))


def test_a_text_has_a_largest_size() -> None:
    """One character more is refused."""
    assert from_text("x" * TEXT_CHARACTERS_MAX, None)
    with pytest.raises(ConfigError, match="longer than"):
        from_text("x" * (TEXT_CHARACTERS_MAX + 1), None)


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("a ${NAME} b", "a value b"),
        ("${NAME}${NAME}", "valuevalue"),
        ("${MISSING:-other}", "other"),
        ("${EMPTY:-other}", "other"),
        ("${MISSING:-}", ""),
        ("$${NAME}", "${NAME}"),
        ("$NAME $5 $$", "$NAME $5 $$"),
    ],
)
def test_variables_are_filled_in(text: str, filled: str) -> None:
    """By value, by default, or not at all where nothing was meant."""
    assert fill(text, {"NAME": "value", "EMPTY": ""}) == filled


def test_a_variable_that_is_not_set_is_named() -> None:
    """The error says which, and how to give a default."""
    with pytest.raises(ConfigError, match=r"MISSING is not set; `\$\{MISSING:-…\}`"):
        fill("${MISSING}", {})


def test_variables_are_filled_in_deep_inside() -> None:
    """In lists and mappings, each by its own setting's type."""
    value = [{"name": "${NAME}", "parallel": "${COUNT}", "aliases": ["${NAME}"]}, 5]
    filled = substitute(value, ("models",), Schema(Settings), {"NAME": "3", "COUNT": "3"})
    assert filled == [{"name": "3", "parallel": 3, "aliases": ["3"]}, 5]
