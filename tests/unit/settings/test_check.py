"""Every wrong key and value is found, with its path and rule."""

from __future__ import annotations

import msgspec
import pytest

from antiphon.settings.check import SECRET_CHARACTERS_MAX, convert, problems
from antiphon.settings.layers import Provenance, Tree
from antiphon.settings.model import Settings
from antiphon.settings.schema import Schema
from antiphon.settings.secret import Secret


def wrong(tree: Tree) -> dict[str, str]:
    """Path and rule of each problem of a tree."""
    return {one.path: one.rule for one in problems(tree, Schema(Settings), Provenance({}))}


@pytest.mark.parametrize(
    ("tree", "path", "rule"),
    [
        ({"server": {"prot": 1}}, "server.prot", "There is no such setting; did you mean `server.port`?"),
        ({"port": 1}, "port", "did you mean `server.port`?"),
        ({"xyzzy": 1}, "xyzzy", "here are: data_dir, development_key"),
        ({"server": {"port": "80"}}, "server.port", "Expected `int`, got `str`"),
        ({"server": {"port": 65536}}, "server.port", "Expected `int` <= 65535"),
        ({"server": {"port": True}}, "server.port", "Expected `int`, got `bool`"),
        ({"server": {"port": None}}, "server.port", "Expected `int`, got `null`"),
        ({"server": {"drain_s": 0}}, "server.drain_s", "Expected `float` > 0"),
        ({"server": {"drain_s": float("nan")}}, "server.drain_s", "Expected `float`"),
        ({"server": {"drain_s": float("inf")}}, "server.drain_s", "Expected `float` <= 86400"),
        ({"server": {"errors": "xml"}}, "server.errors", "Expected `auto` or `json` or `text`"),
        ({"server": {"cors_origins": ["a", 5]}}, "server.cors_origins", "Expected `str`, got `int` (item [1])"),
        ({"server": 5}, "server", "Expected a mapping of settings, got `int`"),
        ({"models": {"name": "a"}}, "models", "Expected `array`, got `object`"),
        ({"models": ["a"]}, "models[0]", "Expected a mapping of settings, got `str`"),
        ({"models": [{"name": "a"}]}, "models[0].reference", "Missing: Where its GGUF file is"),
        ({"models": [{"name": "a b", "reference": "x"}]}, "models[0].name", "Expected letters, digits"),
        ({"upstreams": [{"url": "ftp://x"}]}, "upstreams[0].url", "Expected an http:// or https:// address"),
        ({"upstreams": [{"url": "http://u:p@x"}]}, "upstreams[0].url", "without user"),
        ({"upstreams": [{"url": "http://x", "models": [{}]}]}, "upstreams[0].models[0].name", "Missing"),
        ({"keys": [{"name": "a", "key": 5}]}, "keys[0].key", "Expected text, got `int`"),
        ({"keys": [{"name": "a", "key": ""}]}, "keys[0].key", "Expected text of 1 to"),
        ({"keys": [{"name": "a", "key_sha256": "x"}]}, "keys[0].key_sha256", "Expected 64 hexadecimal digits"),
        ({"data_dir": 5}, "data_dir", "Expected text, got `int`"),
    ],
)
def test_what_is_wrong_is_named(tree: Tree, path: str, rule: str) -> None:
    """One problem, at its place, by its rule."""
    found = wrong(tree)
    assert list(found) == [path]
    assert rule in found[path]


def test_all_problems_are_found_at_once() -> None:
    """Nobody has to correct them one by one."""
    tree: Tree = {"prot": 1, "server": {"port": -1, "errors": "x"}, "models": [{"name": "a", "threads": 0}]}
    assert set(wrong(tree)) == {"prot", "server.port", "server.errors", "models[0].reference", "models[0].threads"}


def test_no_problem_shows_a_secret() -> None:
    """Not even one that is too long."""
    tree: Tree = {"keys": [{"name": "a", "key": "s3cret" * SECRET_CHARACTERS_MAX}]}
    assert "s3cret" not in str(wrong(tree))


def test_a_good_tree_becomes_settings() -> None:
    """Secrets and paths become what they are; whole numbers may stand for fractions."""
    tree: Tree = {"data_dir": "~/x", "keys": [{"name": "a", "key": "k"}], "timeouts": {"connect_s": 2}}
    assert wrong(tree) == {}
    settings = convert(tree)
    assert settings.keys[0].key == Secret("k")
    assert settings.data_dir.is_absolute()
    assert settings.timeouts.connect_s == 2.0


def test_the_defaults_are_good() -> None:
    """All of them keep their own bounds."""
    hidden = {Secret: lambda secret: secret.reveal()}
    tree = msgspec.to_builtins(Settings(), enc_hook=lambda value: hidden.get(type(value), str)(value))
    assert wrong(msgspec.json.decode(msgspec.json.encode(tree))) == {}
